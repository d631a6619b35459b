/**
 * A container's figures from control groups of version 1, where each controller has a hierarchy of its own.
 * What the files hold: https://docs.kernel.org/admin-guide/cgroup-v1/
 */
import { badLine, eachLine, numberIn, words } from '../source.ts';
import {
  type CgroupReader,
  type DeviceIo,
  type FolderOf,
  type Limits,
  limitOrZero,
  type Usage,
  workingSet,
} from './figures.ts';
import { countLines, parseAmount, parseIfThere, parseKeyed } from './files.ts';

const NANOSECONDS = 1_000_000_000;
/** Of `cpuacct.stat`: USER_HZ, which is 100 on every architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100;
const NOTHING: ReadonlyMap<string, number> = new Map();

export const CGROUP_V1: CgroupReader = {
  usage(folderOf, processFolder) {
    return {
      ...cpuUsage(folderOf),
      ...memoryUsage(folderOf('memory')),
      ioStalledSeconds: null,
      ioWaitingSeconds: null,
      processes: parseIfThere(`${processFolder}/cgroup.procs`, countLines),
      threads: amountIn(folderOf('pids'), 'pids.current'),
    };
  },
  limits: readLimits,
  io: readIo,
};

type CpuUsage = Pick<Usage, Extract<keyof Usage, `cpu${string}` | `cfs${string}`>>;

function cpuUsage(folderOf: FolderOf): CpuUsage {
  const cpu = keyedIn(folderOf('cpu'), 'cpu.stat');
  const modes = keyedIn(folderOf('cpuacct'), 'cpuacct.stat');
  return {
    cpuSeconds: per(amountIn(folderOf('cpuacct'), 'cpuacct.usage'), NANOSECONDS),
    cpuUserSeconds: per(modes.get('user'), TICKS_PER_SECOND),
    cpuSystemSeconds: per(modes.get('system'), TICKS_PER_SECOND),
    cfsPeriods: cpu.get('nr_periods') ?? null,
    cfsThrottledPeriods: cpu.get('nr_throttled') ?? null,
    cfsThrottledSeconds: per(cpu.get('throttled_time'), NANOSECONDS),
    cfsBurstPeriods: cpu.get('nr_bursts') ?? null,
    cfsBurstSeconds: per(cpu.get('burst_time'), NANOSECONDS),
    cpuStalledSeconds: null,
    cpuWaitingSeconds: null,
  };
}

type MemoryUsage = Pick<
  Usage,
  Extract<keyof Usage, `memory${string}`> | 'pageFaults' | 'majorPageFaults' | 'oomKills'
>;

function memoryUsage(folder: string | null): MemoryUsage {
  const stat = keyedIn(folder, 'memory.stat');
  const usage = amountIn(folder, 'memory.usage_in_bytes');
  // With those of groups below it, unless the kernel was told to count each by itself: then the two are equal.
  const total = (key: string) => stat.get(`total_${key}`) ?? stat.get(key) ?? null;
  const inactiveFile = total('inactive_file');
  return {
    memoryUsage: usage,
    memoryMaxUsage: amountIn(folder, 'memory.max_usage_in_bytes'),
    memoryWorkingSet: workingSet(usage, inactiveFile),
    memoryCache: total('cache'),
    memoryRss: total('rss'),
    memorySwap: total('swap'),
    memoryMappedFile: total('mapped_file'),
    memoryKernel: amountIn(folder, 'memory.kmem.usage_in_bytes'),
    memoryActiveFile: total('active_file'),
    memoryInactiveFile: inactiveFile,
    memoryLimitHits: amountIn(folder, 'memory.failcnt'),
    pageFaults: stat.get('pgfault') ?? null,
    majorPageFaults: stat.get('pgmajfault') ?? null,
    oomKills: keyedIn(folder, 'memory.oom_control').get('oom_kill') ?? null,
    memoryStalledSeconds: null,
    memoryWaitingSeconds: null,
  };
}

function readLimits(folderOf: FolderOf): Limits {
  const cpu = folderOf('cpu');
  const memory = folderOf('memory');
  const quota = amountIn(cpu, 'cpu.cfs_quota_us');
  return {
    cpuPeriod: amountIn(cpu, 'cpu.cfs_period_us'),
    // -1 is no limit.
    cpuQuota: quota !== null && quota > 0 ? quota : null,
    cpuShares: amountIn(cpu, 'cpu.shares'),
    memoryLimit: limitOrZero(amountIn(memory, 'memory.limit_in_bytes')),
    memorySwapLimit: limitOrZero(amountIn(memory, 'memory.memsw.limit_in_bytes')),
    memoryReservation: limitOrZero(amountIn(memory, 'memory.soft_limit_in_bytes')),
    threadsMax: limitOrZero(amountIn(folderOf('pids'), 'pids.max')),
  };
}

/**
 * Which scheduler counts depends on the device's; files of another are empty or not there. The first pair that has
 * figures is taken, in the order of libcontainer, which cAdvisor reads them with.
 */
const IO_FILES = [
  ['blkio.bfq.io_service_bytes_recursive', 'blkio.bfq.io_serviced_recursive'],
  ['blkio.io_service_bytes_recursive', 'blkio.io_serviced_recursive'],
  ['blkio.throttle.io_service_bytes_recursive', 'blkio.throttle.io_serviced_recursive'],
  ['blkio.throttle.io_service_bytes', 'blkio.throttle.io_serviced'],
] as const;

function readIo(folderOf: FolderOf): readonly DeviceIo[] {
  const folder = folderOf('blkio');
  if (folder === null) return [];
  for (const [bytesFile, requestsFile] of IO_FILES) {
    const bytes = parseIfThere(`${folder}/${bytesFile}`, parseBlkio);
    if (bytes === null || bytes.size === 0) continue;
    const requests = parseIfThere(`${folder}/${requestsFile}`, parseBlkio);
    return [...bytes].map(([number, operations]) => ({
      number,
      bytes: operations,
      requests: requests?.get(number) ?? NOTHING,
    }));
  }
  return [];
}

/** By device, by operation: `8:0 Read 4096`. The last line, `Total 4096`, is of all devices. */
export function parseBlkio(text: string): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const devices = new Map<string, Map<string, number>>();
  eachLine(text, (line) => {
    const [number = '', operation = '', value] = words(line);
    if (number === 'Total' && value === undefined) return;
    if (!/^\d+:\d+$/.test(number)) throw badLine('expected a device', line);
    const operations = devices.get(number) ?? new Map<string, number>();
    operations.set(operation, numberIn(value, line));
    devices.set(number, operations);
  });
  return devices;
}

function amountIn(folder: string | null, file: string): number | null {
  return folder === null ? null : parseIfThere(`${folder}/${file}`, parseAmount);
}

function keyedIn(folder: string | null, file: string): ReadonlyMap<string, number> {
  return folder === null ? NOTHING : (parseIfThere(`${folder}/${file}`, parseKeyed) ?? NOTHING);
}

function per(value: number | null | undefined, unit: number): number | null {
  return value === null || value === undefined ? null : value / unit;
}
