/** Boot time, context switches, interrupts, forks and process counts from `/proc/stat`. */
import { join } from 'node:path';
import { switchOption } from '@tributary/shared/options';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, Roots } from './collector.ts';
import { eachLine, FormatError, numberIn, parseFile, words } from './source.ts';

/** The first number of each line of `/proc/stat` that this collector tells, by the line's first word. */
export type KernelStat = ReadonlyMap<string, number>;

interface StatFamily {
  readonly key: string;
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
}

export const STAT_OPTIONS = {
  softirq: switchOption({ help: 'Tell softirqs of each vector.', default: false }),
};

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

/** In the order of the line's numbers, the first of which is their sum. */
const SOFTIRQ_VECTORS = [
  'hi',
  'timer',
  'net_tx',
  'net_rx',
  'block',
  'block_iopoll',
  'tasklet',
  'sched',
  'hrtimer',
  'rcu',
] as const;

/** Softirqs since boot, in the order of SOFTIRQ_VECTORS. */
export function parseSoftirqLine(text: string): number[] {
  const start = text.startsWith('softirq ') ? 0 : text.indexOf('\nsoftirq ') + 1;
  const end = text.indexOf('\n', start);
  const line = text.slice(start, end < 0 ? text.length : end);
  const [head, ...numbers] = words(line);
  if (head !== 'softirq') throw new FormatError('the line of softirqs is missing');
  return SOFTIRQ_VECTORS.map((_, i) => numberIn(numbers[i + 1], line));
}

/** @param softirq whether to tell node_softirqs_total too, which node_exporter does not by default. */
export function createStatCollector(roots: Roots, softirq = false): Collector {
  const path = join(roots.proc, 'stat');
  const parse = (text: string) => ({
    stat: parseStat(text),
    softirqs: softirq ? parseSoftirqLine(text) : null,
  });
  return {
    name: 'stat',
    collect(out) {
      const { stat, softirqs } = parseFile(path, parse);
      for (const { key, name, type, help } of FAMILIES) {
        const value = stat.get(key);
        if (value === undefined) continue;
        out.family(name, type, help);
        out.add(value);
      }
      if (softirqs === null) return;
      out.family('node_softirqs_total', 'counter', 'Number of softirq calls.', ['vector']);
      for (const [i, vector] of SOFTIRQ_VECTORS.entries()) out.add(softirqs[i] ?? null, vector);
    },
  };
}
