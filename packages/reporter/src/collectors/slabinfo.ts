/**
 * node_slabinfo_* from `/proc/slabinfo`: the kernel's caches of objects. Off by default, as in node_exporter; only root
 * may read it.
 */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { type Keep, patternOption } from './collector-options.ts';
import { badLine, eachLine, numberIn, parseFile, words } from './source.ts';

/** Of these both may be given, and both hold. */
export const SLABINFO_OPTIONS = {
  'slabs-include': patternOption({ help: 'Which slabs to tell.', default: '.*' }),
  'slabs-exclude': patternOption({ help: 'Which slabs not to tell.' }),
};

/** In the order of the file's columns. */
const FAMILIES = [
  { name: 'active_objects', help: 'The number of objects that are currently active (i.e., in use).' },
  {
    name: 'objects',
    help: 'The total number of allocated objects (i.e., objects that are both in use and not in use).',
  },
  { name: 'object_size_bytes', help: 'The size of objects in this slab, in bytes.' },
  { name: 'objects_per_slab', help: 'The number of objects stored in each slab.' },
  { name: 'pages_per_slab', help: 'The number of pages allocated for each slab.' },
] as const;

export interface Slab {
  readonly name: string;
  /** In the order of FAMILIES. */
  readonly values: readonly number[];
}

export function parseSlabinfo(text: string, keep: Keep): Slab[] {
  const slabs: Slab[] = [];
  let headed = false;
  eachLine(text, (line) => {
    if (!headed) {
      if (!line.startsWith('slabinfo - version: 2.')) throw badLine('expected version 2', line);
      headed = true;
      return;
    }
    if (line.startsWith('#')) return;
    const [name = '', ...columns] = words(line);
    if (keep(name)) slabs.push({ name, values: FAMILIES.map((_, i) => numberIn(columns[i], line)) });
  });
  return slabs;
}

export function createSlabinfoCollector(roots: Roots, keep: Keep = () => true): Collector {
  const path = join(roots.proc, 'slabinfo');
  return {
    name: 'slabinfo',
    collect(out) {
      const slabs = parseFile(path, (text) => parseSlabinfo(text, keep));
      for (const [i, { name, help }] of FAMILIES.entries()) {
        out.family(`node_slabinfo_${name}`, 'gauge', help, ['slab']);
        for (const slab of slabs) out.add(slab.values[i] ?? null, slab.name);
      }
    },
  };
}
