/**
 * What the cpu collector tells from `/sys/devices/system/cpu`: throttling, isolation and which CPUs are online.
 *
 * Virtual machines have little of it. Where the files lie is looked up once, and again when the number of running
 * CPUs changes, so that a tick costs one read for each core that can be throttled.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnWriter, Roots } from './collector.ts';
import { FormatError, isAbsent, parseNumber, parseOptional, readOptional } from './source.ts';

interface Core {
  readonly package: string;
  readonly core: string;
  readonly path: string;
}

interface Layout {
  /** The numbers of all CPUs there are, ascending, when the kernel can take them off line; else none. */
  readonly cpus: readonly string[];
  readonly isolated: readonly string[];
  readonly coreThrottles: readonly Core[];
  readonly packageThrottles: readonly Core[];
}

export interface CpuSysfs {
  /** @param running how many CPUs run at present. */
  write(out: ColumnWriter, running: number): void;
}

/** Far beyond what kernels are built for (8192), and bearable. */
const CPU_MAX = 65_535;

/**
 * Parses the kernel's list of CPUs, such as `0-3,6`.
 * @throws FormatError
 */
export function parseCpuList(text: string): string[] {
  const cpus: string[] = [];
  if (text === '') return cpus;
  for (const range of text.split(',')) {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(range);
    if (match === null) throw new FormatError(`no list of CPUs: ${JSON.stringify(text)}`);
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last > CPU_MAX) throw new FormatError(`no list of CPUs: ${JSON.stringify(text.slice(0, 120))}`);
    for (let cpu = first; cpu <= last; cpu++) cpus.push(String(cpu));
  }
  return cpus;
}

export function createCpuSysfs(roots: Roots): CpuSysfs {
  const base = join(roots.sys, 'devices/system/cpu');
  let layout: Layout | null = null;
  let runningBefore = 0;
  return {
    write(out, running) {
      if (layout === null || running !== runningBefore) layout = readLayout(base);
      runningBefore = running;
      writeIsolated(out, layout.isolated);
      writeThrottles(out, layout);
      writeOnline(out, base, layout.cpus);
    },
  };
}

function readLayout(base: string): Layout {
  const cpus = cpuNumbers(base);
  const cores = new Map<string, Core>();
  const packages = new Map<string, Core>();
  for (const cpu of cpus) {
    const directory = join(base, `cpu${cpu}`);
    const packageId = readOptional(join(directory, 'topology/physical_package_id'));
    const core = readOptional(join(directory, 'topology/core_id'));
    if (packageId === null || core === null) continue;
    const throttle = join(directory, 'thermal_throttle');
    // The first CPU of a core speaks for the core, and the first of a package for the package.
    addOnce(cores, `${packageId} ${core}`, {
      package: packageId,
      core,
      path: join(throttle, 'core_throttle_count'),
    });
    addOnce(packages, packageId, {
      package: packageId,
      core,
      path: join(throttle, 'package_throttle_count'),
    });
  }
  const canGoOffline = cpus[0] !== undefined && readOptional(join(base, `cpu${cpus[0]}`, 'online')) !== null;
  return {
    cpus: canGoOffline ? cpus : [],
    isolated: parseOptional(join(base, 'isolated'), parseCpuList) ?? [],
    coreThrottles: [...cores.values()],
    packageThrottles: [...packages.values()],
  };
}

function addOnce(found: Map<string, Core>, key: string, core: Core): void {
  if (!found.has(key) && readOptional(core.path) !== null) found.set(key, core);
}

function cpuNumbers(base: string): string[] {
  let names: string[];
  try {
    names = readdirSync(base);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
  return names
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => name.slice('cpu'.length))
    .sort((a, b) => Number(a) - Number(b));
}

function writeIsolated(out: ColumnWriter, isolated: readonly string[]): void {
  if (isolated.length === 0) return;
  const help = 'Whether each core is isolated, information from /sys/devices/system/cpu/isolated.';
  out.family('node_cpu_isolated', 'gauge', help, ['cpu']);
  for (const cpu of isolated) out.add(1, cpu);
}

/** A count is absent for a moment while its CPU is being taken off line. */
function writeThrottles(out: ColumnWriter, layout: Layout): void {
  if (layout.packageThrottles.length > 0) {
    const help = 'Number of times this CPU package has been throttled.';
    out.family('node_cpu_package_throttles_total', 'counter', help, ['package']);
    for (const { package: id, path } of layout.packageThrottles)
      out.add(parseOptional(path, parseNumber), id);
  }
  if (layout.coreThrottles.length > 0) {
    const help = 'Number of times this CPU core has been throttled.';
    out.family('node_cpu_core_throttles_total', 'counter', help, ['package', 'core']);
    for (const { package: id, core, path } of layout.coreThrottles)
      out.add(parseOptional(path, parseNumber), id, core);
  }
}

function writeOnline(out: ColumnWriter, base: string, cpus: readonly string[]): void {
  if (cpus.length === 0) return;
  // One list in place of a file for each CPU: it says the same.
  const online = new Set(parseOptional(join(base, 'online'), parseCpuList) ?? []);
  out.family('node_cpu_online', 'gauge', 'CPUs that are online and being scheduled.', ['cpu']);
  for (const cpu of cpus) out.add(online.has(cpu) ? 1 : 0, cpu);
}
