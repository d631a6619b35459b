/**
 * Frequencies of CPUs and what governs them, from `/sys/devices/system/cpu/cpuN/cpufreq`.
 *
 * CPUs that share a clock share a folder, which is read once for all of them. What the hardware can do at most and at least,
 * and which governors there are, is kept.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { words } from './source.ts';
import { directoryNames, isRefusal, readAttribute } from './sysfs.ts';

const KILOHERTZ = 1000;

interface FrequencyFamily {
  readonly file: string;
  readonly name: string;
  readonly help: string;
  /** The hardware's, which does not change. */
  readonly isFixed: boolean;
}

const FAMILIES: readonly FrequencyFamily[] = [
  {
    file: 'cpuinfo_cur_freq',
    name: 'node_cpu_frequency_hertz',
    help: 'Current CPU thread frequency in hertz.',
    isFixed: false,
  },
  {
    file: 'cpuinfo_min_freq',
    name: 'node_cpu_frequency_min_hertz',
    help: 'Minimum CPU thread frequency in hertz.',
    isFixed: true,
  },
  {
    file: 'cpuinfo_max_freq',
    name: 'node_cpu_frequency_max_hertz',
    help: 'Maximum CPU thread frequency in hertz.',
    isFixed: true,
  },
  {
    file: 'scaling_cur_freq',
    name: 'node_cpu_scaling_frequency_hertz',
    help: 'Current scaled CPU thread frequency in hertz.',
    isFixed: false,
  },
  {
    file: 'scaling_min_freq',
    name: 'node_cpu_scaling_frequency_min_hertz',
    help: 'Minimum scaled CPU thread frequency in hertz.',
    isFixed: false,
  },
  {
    file: 'scaling_max_freq',
    name: 'node_cpu_scaling_frequency_max_hertz',
    help: 'Maximum scaled CPU thread frequency in hertz.',
    isFixed: false,
  },
];

interface Cpu {
  readonly number: string;
  readonly policy: string;
}

function findCpus(base: string): Cpu[] {
  const cpus: Cpu[] = [];
  for (const name of directoryNames(base)) {
    const number = /^cpu(\d+)$/.exec(name)?.[1];
    if (number === undefined) continue;
    try {
      cpus.push({ number, policy: realpathSync(`${base}/${name}/cpufreq`) });
    } catch (error) {
      // One that is off line, or whose clock nothing governs.
      if (!isRefusal(error)) throw error;
    }
  }
  return cpus.sort((a, b) => Number(a.number) - Number(b.number));
}

function writeGovernors(
  out: ColumnWriter,
  cpus: readonly Cpu[],
  read: (path: string, isFixed: boolean) => string | null,
): void {
  const help = 'Current enabled CPU frequency governor.';
  out.family('node_cpu_scaling_governor', 'gauge', help, ['cpu', 'governor']);
  for (const { number, policy } of cpus) {
    const governor = read(`${policy}/scaling_governor`, false);
    if (governor === null) continue;
    const available = words(read(`${policy}/scaling_available_governors`, true) ?? '');
    for (const known of available) out.add(known === governor ? 1 : 0, number, known);
  }
}

/** Reads each file once a tick, and those that do not change once for all. */
function createReader(): { startTick(): void; read(path: string, isFixed: boolean): string | null } {
  const fixed = new Map<string, string | null>();
  const fresh = new Map<string, string | null>();
  return {
    startTick: () => fresh.clear(),
    read(path, isFixed) {
      const kept = isFixed ? fixed : fresh;
      let text = kept.get(path);
      if (text === undefined) {
        text = readAttribute(path);
        kept.set(path, text);
      }
      return text;
    },
  };
}

export function createCpufreqCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'devices/system/cpu');
  const reader = createReader();
  return {
    name: 'cpufreq',
    collect(out) {
      const cpus = findCpus(base);
      reader.startTick();
      for (const { file, name, help, isFixed } of cpus.length === 0 ? [] : FAMILIES) {
        out.family(name, 'gauge', help, ['cpu']);
        for (const { number, policy } of cpus) {
          const kilohertz = Number(reader.read(`${policy}/${file}`, isFixed) ?? Number.NaN);
          // Drivers that cannot tell write a word, such as <unknown>.
          if (!Number.isNaN(kilohertz)) out.add(kilohertz * KILOHERTZ, number);
        }
      }
      if (cpus.length > 0) writeGovernors(out, cpus, reader.read);
    },
  };
}
