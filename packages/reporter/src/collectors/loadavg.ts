/** node_load1, node_load5, node_load15 from `/proc/loadavg`. */
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { badLine, numberIn, parseFile, words } from './source.ts';

export type LoadAverages = readonly [one: number, five: number, fifteen: number];

export function parseLoad(text: string): LoadAverages {
  const line = text.trim();
  const fields = words(line);
  if (fields.length < 3) throw badLine('expected three load averages', line);
  return [numberIn(fields[0], line), numberIn(fields[1], line), numberIn(fields[2], line)];
}

/** Also written on other systems, which have the averages from elsewhere. */
export function writeLoad(out: ColumnWriter, [one, five, fifteen]: LoadAverages): void {
  out.family('node_load1', 'gauge', '1m load average.');
  out.add(one);
  out.family('node_load5', 'gauge', '5m load average.');
  out.add(five);
  out.family('node_load15', 'gauge', '15m load average.');
  out.add(fifteen);
}

export function createLoadavgCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'loadavg');
  return {
    name: 'loadavg',
    collect(out) {
      writeLoad(out, parseFile(path, parseLoad));
    },
  };
}
