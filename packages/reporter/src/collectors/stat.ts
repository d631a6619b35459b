/** Boot time, context switches, interrupts, forks and process counts from `/proc/stat`. */
import { join } from 'node:path';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, Roots } from './collector.ts';
import { eachLine, FormatError, numberIn, parseFile } from './source.ts';

/** The first number of each line of `/proc/stat` that this collector tells, by the line's first word. */
export type KernelStat = ReadonlyMap<string, number>;

interface StatFamily {
  readonly key: string;
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
}

/** Without node_softirqs_total, which node_exporter does not tell by default either. */
const FAMILIES: readonly StatFamily[] = [
  {
    key: 'intr',
    name: 'node_intr_total',
    type: 'counter',
    help: 'Total number of interrupts serviced.',
  },
  {
    key: 'ctxt',
    name: 'node_context_switches_total',
    type: 'counter',
    help: 'Total number of context switches.',
  },
  {
    key: 'processes',
    name: 'node_forks_total',
    type: 'counter',
    help: 'Total number of forks.',
  },
  {
    key: 'btime',
    name: 'node_boot_time_seconds',
    type: 'gauge',
    help: 'Node boot time, in unixtime.',
  },
  {
    key: 'procs_running',
    name: 'node_procs_running',
    type: 'gauge',
    help: 'Number of processes in runnable state.',
  },
  {
    key: 'procs_blocked',
    name: 'node_procs_blocked',
    type: 'gauge',
    help: 'Number of processes blocked waiting for I/O to complete.',
  },
];

const KEYS: ReadonlySet<string> = new Set(FAMILIES.map((family) => family.key));

/** @throws FormatError also when no line at all is known, as of a file that was cut. */
export function parseStat(text: string): KernelStat {
  const found = new Map<string, number>();
  eachLine(text, (line) => {
    const space = line.indexOf(' ');
    const key = space < 0 ? line : line.slice(0, space);
    if (!KEYS.has(key)) return;
    // The line of interrupts holds thousands of numbers on a large host: take the first without splitting the rest.
    const next = line.indexOf(' ', space + 1);
    found.set(
      key,
      numberIn(space < 0 ? undefined : line.slice(space + 1, next < 0 ? line.length : next), line),
    );
  });
  if (found.size === 0) throw new FormatError('none of the expected lines was found');
  return found;
}

export function createStatCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'stat');
  return {
    name: 'stat',
    collect(out) {
      const stat = parseFile(path, parseStat);
      for (const { key, name, type, help } of FAMILIES) {
        const value = stat.get(key);
        if (value === undefined) continue;
        out.family(name, type, help);
        out.add(value);
      }
    },
  };
}
