/** node_schedstat_* from `/proc/schedstat`: how long each CPU ran tasks, and how long tasks waited for it. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { eachLine, numberIn, parseOrNoData, words } from './source.ts';

const NS_PER_SECOND = 1e9;

export interface CpuSchedule {
  readonly cpu: string;
  readonly runningSeconds: number;
  readonly waitingSeconds: number;
  readonly timeslices: number;
}

/** Lines `cpuN` and nine numbers, of which the last three are told; lines of domains in between. */
export function parseSchedstat(text: string): CpuSchedule[] {
  const cpus: CpuSchedule[] = [];
  eachLine(text, (line) => {
    if (!line.startsWith('cpu')) return;
    const [name = '', ...numbers] = words(line);
    cpus.push({
      cpu: name.slice('cpu'.length),
      runningSeconds: numberIn(numbers[6], line) / NS_PER_SECOND,
      waitingSeconds: numberIn(numbers[7], line) / NS_PER_SECOND,
      timeslices: numberIn(numbers[8], line),
    });
  });
  return cpus;
}

export function createSchedstatCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'schedstat');
  return {
    name: 'schedstat',
    collect(out) {
      const cpus = parseOrNoData(path, parseSchedstat);
      const running = 'Number of seconds CPU spent running a process.';
      out.family('node_schedstat_running_seconds_total', 'counter', running, ['cpu']);
      for (const { cpu, runningSeconds } of cpus) out.add(runningSeconds, cpu);
      const waiting = 'Number of seconds spent by processing waiting for this CPU.';
      out.family('node_schedstat_waiting_seconds_total', 'counter', waiting, ['cpu']);
      for (const { cpu, waitingSeconds } of cpus) out.add(waitingSeconds, cpu);
      const timeslices = 'Number of timeslices executed by CPU.';
      out.family('node_schedstat_timeslices_total', 'counter', timeslices, ['cpu']);
      for (const { cpu, timeslices: count } of cpus) out.add(count, cpu);
    },
  };
}
