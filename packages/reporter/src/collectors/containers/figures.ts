/** The figures of one container, whichever version of control groups they were read of. Null is what that version or kernel lacks. */

/** In seconds, bytes or counts. */
export interface Usage {
  readonly cpuSeconds: number | null;
  readonly cpuUserSeconds: number | null;
  readonly cpuSystemSeconds: number | null;
  readonly cfsPeriods: number | null;
  readonly cfsThrottledPeriods: number | null;
  readonly cfsThrottledSeconds: number | null;
  readonly cfsBurstPeriods: number | null;
  readonly cfsBurstSeconds: number | null;
  readonly cpuStalledSeconds: number | null;
  readonly cpuWaitingSeconds: number | null;
  readonly memoryUsage: number | null;
  readonly memoryMaxUsage: number | null;
  readonly memoryWorkingSet: number | null;
  readonly memoryCache: number | null;
  readonly memoryRss: number | null;
  readonly memorySwap: number | null;
  readonly memoryMappedFile: number | null;
  readonly memoryKernel: number | null;
  readonly memoryActiveFile: number | null;
  readonly memoryInactiveFile: number | null;
  readonly memoryLimitHits: number | null;
  readonly pageFaults: number | null;
  readonly majorPageFaults: number | null;
  readonly oomKills: number | null;
  readonly memoryStalledSeconds: number | null;
  readonly memoryWaitingSeconds: number | null;
  readonly ioStalledSeconds: number | null;
  readonly ioWaitingSeconds: number | null;
  readonly processes: number | null;
  readonly threads: number | null;
}

/** What a container may use, which hardly ever changes. */
export interface Limits {
  /** In microseconds, as quotas are. */
  readonly cpuPeriod: number | null;
  /** Null without a limit. */
  readonly cpuQuota: number | null;
  readonly cpuShares: number | null;
  /** In bytes; 0 is no limit, as cAdvisor has it. So are the next two, and threads. */
  readonly memoryLimit: number | null;
  readonly memorySwapLimit: number | null;
  readonly memoryReservation: number | null;
  readonly threadsMax: number | null;
}

/** Read and Write, and in version 1 Sync, Async, Discard and Total too. */
export type Operations = ReadonlyMap<string, number>;

export interface DeviceIo {
  /** `8:0` */
  readonly number: string;
  readonly bytes: Operations;
  readonly requests: Operations;
}

/** How the groups of one version are read. */
export interface CgroupReader {
  usage(folderOf: FolderOf, processFolder: string): Usage;
  limits(folderOf: FolderOf): Limits;
  /** Devices in a stable order. */
  io(folderOf: FolderOf): readonly DeviceIo[];
}

/** The folder of a controller's group; null when there is none. */
export type FolderOf = (controller: string) => string | null;

/** What is left of the memory in use without files that nobody has used for a while, as cAdvisor reckons it. */
export function workingSet(usage: number | null, inactiveFile: number | null): number | null {
  return usage === null ? null : Math.max(0, usage - (inactiveFile ?? 0));
}

/** cAdvisor takes whatever is beyond 2^62 for "no limit": the kernel's own largest is rounded to pages. */
const MEMORY_LIMIT_MAX = 2 ** 62;

export function limitOrZero(amount: number | null): number | null {
  return amount !== null && amount > MEMORY_LIMIT_MAX ? 0 : amount;
}
