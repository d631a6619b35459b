/**
 * Frequencies of CPUs and what governs them, from `/sys/devices/system/cpu/cpuN/cpufreq`.
 *
 * CPUs that share a clock share a folder, which is read once for all of them. What the hardware can do at most and at least,
 * and which governors there are, is kept; what an administrator sets is read in turns where there are many folders.
 */
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { words } from './source.ts';
import { directoryNames, linkTarget, readAttribute } from './sysfs.ts';
import { createTurns } from './turns.ts';

const KILOHERTZ = 1000;

interface FrequencyFamily {
  readonly file: string;
  readonly name: string;
  readonly help: string;
  readonly kind: Kind;
}

/** The hardware's, which does not change; an administrator's, which seldom does; or read every time. */
type Kind = 'fixed' | 'set' | 'measured';

const FAMILIES: readonly FrequencyFamily[] = [
  {
    file: 'cpuinfo_cur_freq',
    name: 'node_cpu_frequency_hertz',
    help: 'Current CPU thread frequency in hertz.',
    kind: 'measured',
  },
  {
    file: 'cpuinfo_min_freq',
    name: 'node_cpu_frequency_min_hertz',
    help: 'Minimum CPU thread frequency in hertz.',
    kind: 'fixed',
  },
  {
    file: 'cpuinfo_max_freq',
    name: 'node_cpu_frequency_max_hertz',
    help: 'Maximum CPU thread frequency in hertz.',
    kind: 'fixed',
  },
  {
    file: 'scaling_cur_freq',
    name: 'node_cpu_scaling_frequency_hertz',
    help: 'Current scaled CPU thread frequency in hertz.',
    kind: 'measured',
  },
  {
    file: 'scaling_min_freq',
    name: 'node_cpu_scaling_frequency_min_hertz',
    help: 'Minimum scaled CPU thread frequency in hertz.',
    kind: 'set',
  },
  {
    file: 'scaling_max_freq',
    name: 'node_cpu_scaling_frequency_max_hertz',
    help: 'Maximum scaled CPU thread frequency in hertz.',
    kind: 'set',
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
    const path = `${base}/${name}/cpufreq`;
    const target = linkTarget(path);
    // One that is off line, or whose clock nothing governs.
    if (target === null) continue;
    cpus.push({ number, policy: target === '' ? path : join(path, '..', target) });
  }
  return cpus.sort((a, b) => Number(a.number) - Number(b.number));
}

function writeGovernors(out: ColumnWriter, cpus: readonly Cpu[], read: Read): void {
  const help = 'Current enabled CPU frequency governor.';
  out.family('node_cpu_scaling_governor', 'gauge', help, ['cpu', 'governor']);
  for (const { number, policy } of cpus) {
    const governor = read(policy, 'scaling_governor', 'set');
    if (governor === null) continue;
    const available = words(read(policy, 'scaling_available_governors', 'fixed') ?? '');
    for (const known of available) out.add(known === governor ? 1 : 0, number, known);
  }
}

type Read = (policy: string, file: string, kind: Kind) => string | null;

/** What was read of a policy's folder. */
type Texts = Readonly<Record<Kind, Map<string, string | null>>>;

/** Reads each file once a tick at most, and seldom or never again what hardly changes. */
function createReader(): { startTick(policies: readonly string[]): void; read: Read } {
  const turns = createTurns();
  let texts: ReadonlyMap<string, Texts> = new Map();
  return {
    startTick(policies) {
      const isTurn = turns.next(policies.length, performance.now());
      const next = new Map<string, Texts>();
      for (const [i, policy] of policies.entries()) {
        const { fixed, set } = texts.get(policy) ?? {};
        const isKept = set !== undefined && !isTurn(i);
        next.set(policy, { fixed: fixed ?? new Map(), set: isKept ? set : new Map(), measured: new Map() });
      }
      texts = next;
    },
    read(policy, file, kind) {
      const kept = texts.get(policy)?.[kind];
      let text = kept?.get(file);
      if (text === undefined) {
        text = readAttribute(`${policy}/${file}`);
        kept?.set(file, text);
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
      reader.startTick([...new Set(cpus.map(({ policy }) => policy))]);
      for (const { file, name, help, kind } of cpus.length === 0 ? [] : FAMILIES) {
        out.family(name, 'gauge', help, ['cpu']);
        for (const { number, policy } of cpus) {
          const kilohertz = Number(reader.read(policy, file, kind) ?? Number.NaN);
          // Drivers that cannot tell write a word, such as <unknown>.
          if (!Number.isNaN(kilohertz)) out.add(kilohertz * KILOHERTZ, number);
        }
      }
      if (cpus.length > 0) writeGovernors(out, cpus, reader.read);
    },
  };
}
