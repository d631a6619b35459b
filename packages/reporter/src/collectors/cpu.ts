/**
 * Seconds of each CPU in each mode, from `/proc/stat`.
 *
 * The kernel's counters sometimes run backwards (iowait by its definition, idle by rounding), which Prometheus would
 * take for a restart and count twice. So, as in node_exporter, a counter that falls keeps its last value; only when
 * idle falls by three seconds and more was the CPU really taken away and brought back, and its counters start anew.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { settingsOf } from './collector-options.ts';
import { CPU_OPTIONS, type CpuOptions, createCpuInfo } from './cpu-info.ts';
import { createCpuSysfs } from './cpu-sysfs.ts';
import { badLine, eachLine, FormatError, numberIn, parseFile, words } from './source.ts';

/** In the order of the kernel's columns. */
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
const IDLE = MODES.indexOf('idle');
/** The two columns behind those of MODES: time in guests, which user and nice contain as well. */
const GUEST_MODES = ['user', 'nice'] as const;
const COLUMNS = MODES.length + GUEST_MODES.length;

/** The kernel tells these files in hundredths of a second on every architecture (USER_HZ). */
export const TICKS_PER_SECOND = 100;
/** How far idle may fall before it means a CPU that went and came back. */
const JUMP_BACK_SECONDS = 3;

/** CPU numbers as they are in `/proc/stat` → seconds in the order of MODES, then GUEST_MODES. */
export type CpuSeconds = Map<string, number[]>;

/** Columns that an old kernel does not have are zero, as in node_exporter. */
export function parseCpus(text: string): CpuSeconds {
  const cpus: CpuSeconds = new Map();
  eachLine(text, (line) => {
    // The line "cpu " is the sum of the others.
    if (!line.startsWith('cpu') || line.startsWith('cpu ')) return;
    const fields = words(line);
    if (fields.length < 5) throw badLine('too few fields', line);
    const seconds: number[] = [];
    for (let i = 1; i <= COLUMNS; i++) {
      seconds.push(i < fields.length ? numberIn(fields[i], line) / TICKS_PER_SECOND : 0);
    }
    const cpu = (fields[0] ?? '').slice('cpu'.length);
    numberIn(cpu, line);
    cpus.set(cpu, seconds);
  });
  if (cpus.size === 0) throw new FormatError('no line of a CPU was found');
  return cpus;
}

/** What is told after `next` was read, when `last` was told before. */
export function withoutJumps(last: CpuSeconds, next: CpuSeconds): CpuSeconds {
  for (const [cpu, seconds] of next) {
    const before = last.get(cpu);
    if (before === undefined) continue;
    if ((before[IDLE] ?? 0) - (seconds[IDLE] ?? 0) >= JUMP_BACK_SECONDS) continue;
    for (const [i, value] of before.entries()) {
      if (value > (seconds[i] ?? 0)) seconds[i] = value;
    }
  }
  return next;
}

function write(out: ColumnWriter, cpus: CpuSeconds, guests: boolean): void {
  out.family('node_cpu_seconds_total', 'counter', 'Seconds the CPUs spent in each mode.', ['cpu', 'mode']);
  for (const [cpu, seconds] of cpus) {
    for (const [i, mode] of MODES.entries()) out.add(seconds[i] ?? 0, cpu, mode);
  }
  if (!guests) return;
  const help = 'Seconds the CPUs spent in guests (VMs) for each mode.';
  out.family('node_cpu_guest_seconds_total', 'counter', help, ['cpu', 'mode']);
  for (const [cpu, seconds] of cpus) {
    for (const [i, mode] of GUEST_MODES.entries()) out.add(seconds[MODES.length + i] ?? 0, cpu, mode);
  }
}

export function createCpuCollector(
  roots: Roots,
  options: CpuOptions = settingsOf('cpu', CPU_OPTIONS, {}),
): Collector {
  const path = join(roots.proc, 'stat');
  const sysfs = createCpuSysfs(roots);
  const info = createCpuInfo(roots, options);
  const governed = join(roots.sys, 'devices/system/cpu/cpu0/cpufreq');
  let told: CpuSeconds = new Map();
  return {
    name: 'cpu',
    collect(out) {
      told = withoutJumps(told, parseFile(path, parseCpus));
      write(out, told, options.guest);
      info?.write(out, existsSync(governed));
      sysfs.write(out, told.size);
    },
  };
}
