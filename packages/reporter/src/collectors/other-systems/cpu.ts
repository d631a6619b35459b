/**
 * Seconds of each CPU in each mode, from Node's os module, which asks the kernel on every system.
 *
 * As node_exporter has it on macOS (which tells no interrupts) and the BSDs. Windows, which it does not know, has the modes of
 * the BSDs.
 */
import os from 'node:os';
import type { Collector, ColumnWriter } from '../collector.ts';
import { isWindows } from './platforms.ts';

/** In ms, as `os.cpus()` has them. */
export type CpuTimes = Readonly<Record<'user' | 'nice' | 'sys' | 'idle' | 'irq', number>>;

/**
 * Modes and seconds, of which each second of a CPU is in one only. Windows counts interrupts among the time of the system
 * (KernelTime of SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION), has no nice, and macOS no interrupts.
 */
export function modesOf(times: CpuTimes, platform: string): readonly (readonly [string, number])[] {
  const seconds = (ms: number) => Math.max(0, ms) / 1000;
  const common = [
    ['user', seconds(times.user)],
    ['system', seconds(isWindows(platform) ? times.sys - times.irq : times.sys)],
    ['idle', seconds(times.idle)],
  ] as const;
  if (isWindows(platform)) return [...common, ['interrupt', seconds(times.irq)]];
  if (platform === 'darwin') return [...common, ['nice', seconds(times.nice)]];
  return [...common, ['nice', seconds(times.nice)], ['interrupt', seconds(times.irq)]];
}

export function writeCpus(
  out: ColumnWriter,
  cpus: readonly { readonly times: CpuTimes }[],
  platform: string,
) {
  out.family('node_cpu_seconds_total', 'counter', 'Seconds the CPUs spent in each mode.', ['cpu', 'mode']);
  for (const [cpu, { times }] of cpus.entries()) {
    for (const [mode, seconds] of modesOf(times, platform)) out.add(seconds, `${cpu}`, mode);
  }
}

export function createSystemCpuCollector(platform: string): Collector {
  return {
    name: 'cpu',
    collect(out) {
      const cpus = os.cpus();
      if (cpus.length === 0) throw new Error('the system tells no CPU');
      writeCpus(out, cpus, platform);
    },
  };
}
