/**
 * Every key of `/proc/meminfo` as node_memory_*.
 *
 * All keys are kept, those of future kernels too, as older versions of node_exporter did. Newer ones (1.11 was looked
 * at) know a fixed list and so lose some: KReclaimable, SecPageTables, Hugetlb. What both have has the same name.
 */
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { badLine, eachLine, numberIn, parseFile, words } from './source.ts';

export interface MemoryField {
  /** As in the metric's name: `Active_anon_bytes`, `HugePages_Total`. */
  readonly key: string;
  /** Bytes when the key ends in `_bytes`, else a count. */
  readonly value: number;
}

export function parseMeminfo(text: string): MemoryField[] {
  const fields: MemoryField[] = [];
  eachLine(text, (line) => {
    const colon = line.indexOf(':');
    const rest = words(line.slice(colon + 1));
    if (colon <= 0 || rest.length === 0 || rest.length > 2)
      throw badLine('expected "key: number [kB]"', line);
    const value = numberIn(rest[0], line);
    const key = memoryKey(line.slice(0, colon));
    if (rest.length === 1) {
      fields.push({ key, value });
    } else {
      if (rest[1] !== 'kB') throw badLine(`unknown unit ${rest[1]}`, line);
      fields.push({ key: `${key}_bytes`, value: value * 1024 });
    }
  });
  return fields;
}

/** `Active(anon)` → `Active_anon`. */
export function memoryKey(key: string): string {
  const open = key.indexOf('(');
  if (open < 0) return key;
  return `${key.slice(0, open)}_${key.slice(open + 1).replace(')', '')}`;
}

function writeMemory(out: ColumnWriter, fields: readonly MemoryField[]): void {
  for (const { key, value } of fields) {
    out.family(`node_memory_${key}`, 'gauge', `Memory information field ${key}.`);
    out.add(value);
  }
}

export function createMeminfoCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'meminfo');
  return {
    name: 'meminfo',
    collect(out) {
      writeMemory(out, parseFile(path, parseMeminfo));
    },
  };
}
