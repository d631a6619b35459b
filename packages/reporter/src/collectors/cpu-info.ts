/** Makes, models and frequencies of CPUs, from `/proc/cpuinfo`. Off unless asked for, since it hardly ever changes. */
import { join } from 'node:path';
import { type OptionValues, switchOption } from '@tributary/shared/options';
import type { ColumnWriter, Roots } from './collector.ts';
import { patternOption } from './collector-options.ts';
import { parseFile, words } from './source.ts';

export const CPU_OPTIONS = {
  guest: switchOption({ help: 'Tell the time spent in guests.', default: true }),
  info: switchOption({ help: 'Tell makes and models of the CPUs.', default: false }),
  'info.flags-include': patternOption({ help: 'Which flags of the CPUs to tell; turns info on.' }),
  'info.bugs-include': patternOption({ help: 'Which bugs of the CPUs to tell; turns info on.' }),
};

export type CpuOptions = OptionValues<typeof CPU_OPTIONS>;

/** The fields of one CPU by name, such as `model name`. */
export type CpuFields = ReadonlyMap<string, string>;

/** One paragraph a CPU. */
export function parseCpuinfo(text: string): CpuFields[] {
  const cpus: Map<string, string>[] = [];
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim();
    if (name === 'processor') cpus.push(new Map());
    cpus.at(-1)?.set(name, line.slice(colon + 1).trim());
  }
  // Some architectures have a paragraph about the machine that names no processor by number.
  return cpus.filter((cpu) => /^\d+$/.test(cpu.get('processor') ?? ''));
}

const INFO_FIELDS = [
  ['package', 'physical id'],
  ['core', 'core id'],
  ['cpu', 'processor'],
  ['vendor', 'vendor_id'],
  ['family', 'cpu family'],
  ['model', 'model'],
  ['model_name', 'model name'],
  ['microcode', 'microcode'],
  ['stepping', 'stepping'],
  ['cachesize', 'cache size'],
] as const;

const MEGAHERTZ = 1_000_000;

function writeFrequencies(out: ColumnWriter, cpus: readonly CpuFields[]): void {
  const help = 'CPU frequency in hertz from /proc/cpuinfo.';
  out.family('node_cpu_frequency_hertz', 'gauge', help, ['package', 'core', 'cpu']);
  for (const cpu of cpus) {
    const megahertz = Number(cpu.get('cpu MHz') ?? Number.NaN);
    if (Number.isNaN(megahertz)) continue;
    const labels = ['physical id', 'core id', 'processor'].map((field) => cpu.get(field) ?? '');
    out.add(megahertz * MEGAHERTZ, ...labels);
  }
}

/** What the first CPU has of `field`, as far as it is asked for: the others have the same. */
function writeWords(
  out: ColumnWriter,
  cpus: readonly CpuFields[],
  field: 'flags' | 'bugs',
  include: RegExp | null,
): void {
  if (include === null) return;
  const label = field === 'flags' ? 'flag' : 'bug';
  const help = `The \`${field}\` field of CPU information from /proc/cpuinfo taken from the first core.`;
  out.family(`node_cpu_${label}_info`, 'gauge', help, [label]);
  for (const word of words(cpus[0]?.get(field) ?? '')) if (include.test(word)) out.add(1, word);
}

export interface CpuInfoWriter {
  /** @param hasFrequencies whether the cpufreq collector tells the frequencies, better. */
  write(out: ColumnWriter, hasFrequencies: boolean): void;
}

export function createCpuInfo(roots: Roots, options: CpuOptions): CpuInfoWriter | null {
  const { 'info.flags-include': flags, 'info.bugs-include': bugs } = options;
  if (!options.info && flags === null && bugs === null) return null;
  const path = join(roots.proc, 'cpuinfo');
  return {
    write(out, hasFrequencies) {
      const cpus = parseFile(path, parseCpuinfo);
      const labels = INFO_FIELDS.map(([label]) => label);
      out.family('node_cpu_info', 'gauge', 'CPU information from /proc/cpuinfo.', labels);
      for (const cpu of cpus) out.add(1, ...INFO_FIELDS.map(([, field]) => cpu.get(field) ?? ''));
      if (!hasFrequencies) writeFrequencies(out, cpus);
      writeWords(out, cpus, 'flags', flags);
      writeWords(out, cpus, 'bugs', bugs);
    },
  };
}
