/**
 * A container's figures from control groups of version 2.
 * What the files hold: https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
import { badLine, eachLine, numberIn, words } from '../source.ts';
import {
  type CgroupReader,
  type DeviceIo,
  type Limits,
  limitOrZero,
  type Usage,
  workingSet,
} from './figures.ts';
import { countLines, parseAmount, parseIfThere, parseKeyed } from './files.ts';

const MICROSECONDS = 1_000_000;
const NOTHING: ReadonlyMap<string, number> = new Map();

export const CGROUP_V2: CgroupReader = {
  usage(folderOf, processFolder) {
    const folder = folderOf('') ?? '';
    return { ...cpuUsage(folder), ...memoryUsage(folder), ...otherUsage(folder, processFolder) };
  },
  limits(folderOf) {
    return readLimits(folderOf('') ?? '');
  },
  io(folderOf) {
    return parseIfThere(`${folderOf('')}/io.stat`, parseIoStat) ?? [];
  },
};

type CpuUsage = Pick<Usage, Extract<keyof Usage, `cpu${string}` | `cfs${string}`>>;

function cpuUsage(folder: string): CpuUsage {
  const cpu = parseIfThere(`${folder}/cpu.stat`, parseKeyed) ?? NOTHING;
  const pressure = parseIfThere(`${folder}/cpu.pressure`, parsePressure);
  return {
    cpuSeconds: per(cpu.get('usage_usec'), MICROSECONDS),
    cpuUserSeconds: per(cpu.get('user_usec'), MICROSECONDS),
    cpuSystemSeconds: per(cpu.get('system_usec'), MICROSECONDS),
    cfsPeriods: cpu.get('nr_periods') ?? null,
    cfsThrottledPeriods: cpu.get('nr_throttled') ?? null,
    cfsThrottledSeconds: per(cpu.get('throttled_usec'), MICROSECONDS),
    cfsBurstPeriods: cpu.get('nr_bursts') ?? null,
    cfsBurstSeconds: per(cpu.get('burst_usec'), MICROSECONDS),
    cpuStalledSeconds: pressure?.stalled ?? null,
    cpuWaitingSeconds: pressure?.waiting ?? null,
  };
}

type MemoryUsage = Pick<
  Usage,
  Extract<keyof Usage, `memory${string}`> | 'pageFaults' | 'majorPageFaults' | 'oomKills'
>;

function memoryUsage(folder: string): MemoryUsage {
  const stat = parseIfThere(`${folder}/memory.stat`, parseKeyed) ?? NOTHING;
  const events = parseIfThere(`${folder}/memory.events`, parseKeyed) ?? NOTHING;
  const usage = parseIfThere(`${folder}/memory.current`, parseAmount);
  const pressure = parseIfThere(`${folder}/memory.pressure`, parsePressure);
  const inactiveFile = stat.get('inactive_file') ?? null;
  return {
    memoryUsage: usage,
    memoryMaxUsage: parseIfThere(`${folder}/memory.peak`, parseAmount),
    memoryWorkingSet: workingSet(usage, inactiveFile),
    memoryCache: stat.get('file') ?? null,
    memoryRss: stat.get('anon') ?? null,
    memorySwap: parseIfThere(`${folder}/memory.swap.current`, parseAmount),
    memoryMappedFile: stat.get('file_mapped') ?? null,
    memoryKernel: stat.get('kernel') ?? null,
    memoryActiveFile: stat.get('active_file') ?? null,
    memoryInactiveFile: inactiveFile,
    memoryLimitHits: events.get('max') ?? null,
    pageFaults: stat.get('pgfault') ?? null,
    majorPageFaults: stat.get('pgmajfault') ?? null,
    oomKills: events.get('oom_kill') ?? null,
    memoryStalledSeconds: pressure?.stalled ?? null,
    memoryWaitingSeconds: pressure?.waiting ?? null,
  };
}

type OtherUsage = Omit<Usage, keyof CpuUsage | keyof MemoryUsage>;

function otherUsage(folder: string, processFolder: string): OtherUsage {
  const pressure = parseIfThere(`${folder}/io.pressure`, parsePressure);
  return {
    ioStalledSeconds: pressure?.stalled ?? null,
    ioWaitingSeconds: pressure?.waiting ?? null,
    processes: parseIfThere(`${processFolder}/cgroup.procs`, countLines),
    threads: parseIfThere(`${folder}/pids.current`, parseAmount),
  };
}

function readLimits(folder: string): Limits {
  const cpu = parseIfThere(`${folder}/cpu.max`, parseCpuMax);
  const weight = parseIfThere(`${folder}/cpu.weight`, parseAmount);
  const amount = (file: string) => limitOrZero(parseIfThere(`${folder}/${file}`, parseAmount));
  return {
    cpuPeriod: cpu?.period ?? null,
    cpuQuota: cpu?.quota ?? null,
    cpuShares: weight === null ? null : sharesOf(weight),
    memoryLimit: amount('memory.max'),
    memorySwapLimit: amount('memory.swap.max'),
    memoryReservation: amount('memory.min'),
    threadsMax: amount('pids.max'),
  };
}

/** cAdvisor's: weights from 1 to 10,000 are shares from 2 to 262,144. */
function sharesOf(weight: number): number {
  return 2 + Math.floor(((weight - 1) * 262_142) / 9_999);
}

/** `max 100000` or `50000 100000`, in microseconds. */
export function parseCpuMax(text: string): { readonly quota: number | null; readonly period: number } {
  const [quota, period] = words(text.trim());
  return { quota: quota === 'max' ? null : numberIn(quota, text), period: numberIn(period, text) };
}

/** Seconds in which some tasks, and in which all tasks, waited: `full avg10=0.00 avg60=0.00 avg300=0.00 total=1234`. */
export function parsePressure(text: string): {
  readonly waiting: number | null;
  readonly stalled: number | null;
} {
  const totals = new Map<string, number>();
  eachLine(text, (line) => {
    const [kind = '', ...fields] = words(line);
    const total = fields.find((field) => field.startsWith('total='));
    if (total === undefined) throw badLine('expected total=', line);
    totals.set(kind, numberIn(total.slice('total='.length), line) / MICROSECONDS);
  });
  return { waiting: totals.get('some') ?? null, stalled: totals.get('full') ?? null };
}

const OPERATIONS: Readonly<Record<string, readonly ['bytes' | 'requests', operation: string]>> = {
  rbytes: ['bytes', 'Read'],
  wbytes: ['bytes', 'Write'],
  rios: ['requests', 'Read'],
  wios: ['requests', 'Write'],
};

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`; devices without figures may stand before another on its line. */
export function parseIoStat(text: string): readonly DeviceIo[] {
  const devices = new Map<
    string,
    { number: string; bytes: Map<string, number>; requests: Map<string, number> }
  >();
  eachLine(text, (line) => {
    let number = '';
    for (const word of words(line)) {
      const equals = word.indexOf('=');
      if (equals < 0) {
        if (!/^\d+:\d+$/.test(word)) throw badLine(`${word} is no device`, line);
        number = word;
        continue;
      }
      const key = word.slice(0, equals);
      const operation = Object.hasOwn(OPERATIONS, key) ? OPERATIONS[key] : undefined;
      if (operation === undefined) continue;
      if (number === '') throw badLine('expected a device first', line);
      const device = devices.get(number) ?? { number, bytes: new Map(), requests: new Map() };
      device[operation[0]].set(operation[1], numberIn(word.slice(equals + 1), line));
      devices.set(number, device);
    }
  });
  return [...devices.values()];
}

function per(value: number | undefined, unit: number): number | null {
  return value === undefined ? null : value / unit;
}
