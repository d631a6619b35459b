/** node_filefd_* from `/proc/sys/fs/file-nr`: open files of the whole host. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { numberIn, parseFile, words } from './source.ts';

export interface FileNumbers {
  readonly allocated: number;
  readonly maximum: number;
}

/** Three numbers, of which the second has always been 0 since 2.6. */
export function parseFileNr(text: string): FileNumbers {
  const [allocated, , maximum] = words(text.trimEnd());
  return { allocated: numberIn(allocated, text), maximum: numberIn(maximum, text) };
}

export function createFilefdCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'sys/fs/file-nr');
  return {
    name: 'filefd',
    collect(out) {
      const { allocated, maximum } = parseFile(path, parseFileNr);
      out.family('node_filefd_allocated', 'gauge', 'File descriptor statistics: allocated.');
      out.add(allocated);
      out.family('node_filefd_maximum', 'gauge', 'File descriptor statistics: maximum.');
      out.add(maximum);
    },
  };
}
