/**
 * node_memory_numa_* from `/sys/devices/system/node`: memory of each NUMA node. Off by default, as in node_exporter.
 * Sizes are bytes, though no name says so.
 */
import { join } from 'node:path';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, Roots } from './collector.ts';
import { memoryKey } from './meminfo.ts';
import { badLine, eachLine, namesIn, numberIn, parseFile, words } from './source.ts';

/** Name → value, in the file's order. */
export type NodeFields = ReadonlyMap<string, number>;

/** Lines such as `Node 0 Active(anon):  1556 kB` or `Node 0 HugePages_Total:  4`. */
export function parseNodeMeminfo(text: string): NodeFields {
  const fields = new Map<string, number>();
  eachLine(text, (line) => {
    const [head, , key = '', value, unit] = words(line);
    if (head !== 'Node' || !key.endsWith(':')) throw badLine('expected "Node N key: number [kB]"', line);
    if (unit !== undefined && unit !== 'kB') throw badLine(`unknown unit ${unit}`, line);
    const number = numberIn(value, line);
    fields.set(memoryKey(key.slice(0, -1)), unit === undefined ? number : number * 1024);
  });
  return fields;
}

/** Lines such as `numa_hit 121965606`. */
export function parseNumastat(text: string): NodeFields {
  const fields = new Map<string, number>();
  eachLine(text, (line) => {
    const [key = '', value] = words(line);
    fields.set(`${key}_total`, numberIn(value, line));
  });
  return fields;
}

export function createMeminfoNumaCollector(roots: Roots): Collector {
  const folder = join(roots.sys, 'devices/system/node');
  return {
    name: 'meminfo_numa',
    collect(out) {
      const nodes = namesIn(folder).filter((name) => /^node\d+$/.test(name));
      const write = (type: MetricType, file: string, parse: (text: string) => NodeFields) => {
        const read = nodes.map((name) => ({
          node: name.slice('node'.length),
          fields: parseFile(join(folder, name, file), parse),
        }));
        for (const key of new Set(read.flatMap(({ fields }) => [...fields.keys()]))) {
          out.family(`node_memory_numa_${key}`, type, `Memory information field ${key}.`, ['node']);
          for (const { node, fields } of read) {
            const value = fields.get(key);
            if (value !== undefined) out.add(value, node);
          }
        }
      };
      write('gauge', 'meminfo', parseNodeMeminfo);
      write('counter', 'numastat', parseNumastat);
    },
  };
}
