/** node_softirqs_functions_total from `/proc/softirqs`, per kind and CPU. Off by default, as in node_exporter. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { badLine, eachLine, FormatError, numberIn, parseFile, words } from './source.ts';

export interface SoftirqTable {
  /** Kind → one number for each CPU. */
  readonly counts: ReadonlyMap<string, readonly number[]>;
  readonly cpus: readonly string[];
}

export function parseSoftirqs(text: string): SoftirqTable {
  let cpus: string[] | null = null;
  const counts = new Map<string, number[]>();
  eachLine(text, (line) => {
    const [head = '', ...fields] = words(line);
    if (cpus === null) {
      cpus = head === '' ? [] : [head, ...fields];
      return;
    }
    if (!head.endsWith(':')) throw badLine('expected "KIND: numbers"', line);
    counts.set(
      head.slice(0, -1),
      cpus.map((_, i) => numberIn(fields[i], line)),
    );
  });
  if (cpus === null) throw new FormatError('the line of CPUs is missing');
  return { counts, cpus: (cpus as string[]).map((cpu) => cpu.replace(/^CPU/, '')) };
}

export function createSoftirqsCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'softirqs');
  return {
    name: 'softirqs',
    collect(out) {
      const { counts, cpus } = parseFile(path, parseSoftirqs);
      const help = 'Softirq counts per CPU.';
      out.family('node_softirqs_functions_total', 'counter', help, ['cpu', 'type']);
      for (const [type, numbers] of counts) {
        for (const [i, count] of numbers.entries()) out.add(count, cpus[i] ?? '', type);
      }
    },
  };
}
