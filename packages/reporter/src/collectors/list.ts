/**
 * The list of all collectors: the one place that knows them, for the command line, the configuration and the sampler.
 *
 * Each is a file of its own. `create…Collector` starts nothing; `collect` reads its source (source.ts for the kernel's
 * text files) and writes columns. What a collector keeps between ticks it says in its file: the highest counters (cpu),
 * files that hardly change (os, uname, diskstats), mounts that have not answered (filesystem).
 */
import type { OptionError } from '@tributary/shared/options';
import { ARP_OPTIONS, createArpCollector } from './arp.ts';
import { createBuddyinfoCollector } from './buddyinfo.ts';
import { createCgroupsCollector } from './cgroups.ts';
import type { Collector } from './collector.ts';
import { type CollectorSettings, conflictsOf, keepBy } from './collector-options.ts';
import { createConntrackCollector } from './conntrack.ts';
import { CONTAINERS_OPTIONS, createContainersCollector } from './containers/containers.ts';
import { usualSockets } from './containers/sockets.ts';
import { createCpuCollector } from './cpu.ts';
import { CPU_OPTIONS } from './cpu-info.ts';
import { createCpuVulnerabilitiesCollector } from './cpu-vulnerabilities.ts';
import { DEVICE_ENTRIES } from './device-entries.ts';
import { createDiskstatsCollector, DISKSTATS_OPTIONS } from './diskstats.ts';
import { createDrbdCollector } from './drbd.ts';
import { createEntropyCollector } from './entropy.ts';
import { type CollectorEntry, type CollectorInfo, type CollectorOptions, entry, OFF } from './entry.ts';
import { createFilefdCollector } from './filefd.ts';
import { createFilesystemCollector, FILESYSTEM_OPTIONS, mountFilter } from './filesystem.ts';
import { createInterruptsCollector, INTERRUPTS_OPTIONS } from './interrupts.ts';
import { INVENTORY_OPTIONS } from './inventory/options.ts';
import { createIpvsCollector, IPVS_OPTIONS } from './ipvs.ts';
import { createKernelHungCollector } from './kernel-hung.ts';
import { createKsmdCollector } from './ksmd.ts';
import { createLateCollector } from './late.ts';
import { createLnstatCollector } from './lnstat.ts';
import { createLoadavgCollector } from './loadavg.ts';
import { createMeminfoCollector } from './meminfo.ts';
import { createMeminfoNumaCollector } from './meminfo-numa.ts';
import { createMountStatsCollector } from './mountstats.ts';
import { createNetdevCollector, NETDEV_OPTIONS } from './netdev.ts';
import { createNetstatCollector, NETSTAT_OPTIONS } from './netstat.ts';
import { createNfsCollector } from './nfs.ts';
import { createNfsdCollector } from './nfsd.ts';
import { createOsCollector } from './os-release.ts';
import { createBootTimeCollector } from './other-systems/boottime.ts';
import {
  hasLoad,
  hasMemoryNames,
  hasMountSizes,
  hasNetworkCounters,
  isAny,
  isMac,
  isOther,
  isWindows,
} from './other-systems/platforms.ts';
import { createPressureCollector } from './pressure.ts';
import { createProcessCollector } from './process.ts';
import { createProcessesCollector } from './processes.ts';
import { createSchedstatCollector } from './schedstat.ts';
import { createSlabinfoCollector, SLABINFO_OPTIONS } from './slabinfo.ts';
import { Lane, SlowReads, withSlowReads } from './slow-reads.ts';
import { createSockstatCollector } from './sockstat.ts';
import { createSoftirqsCollector } from './softirqs.ts';
import { createSoftnetCollector } from './softnet.ts';
import { createStatCollector, STAT_OPTIONS } from './stat.ts';
import { createTcpstatCollector } from './tcpstat.ts';
import { createTimeCollector } from './time.ts';
import { createTimexCollector } from './timex.ts';
import { createUdpQueuesCollector } from './udp-queues.ts';
import { createUnameCollector } from './uname.ts';
import { createVmstatCollector, VMSTAT_OPTIONS } from './vmstat.ts';
import { createXfsCollector } from './xfs.ts';
import { createZfsCollector } from './zfs.ts';
import { createZoneinfoCollector } from './zoneinfo.ts';

/** In the order in which they are run and told. */
const ENTRIES: readonly CollectorEntry[] = [
  entry(
    'cpu',
    'Seconds of each CPU in each mode, and its throttling.',
    ({ roots }, options) => createCpuCollector(roots, options),
    { options: CPU_OPTIONS, elsewhere: isOther },
  ),
  entry('loadavg', 'Load averages.', ({ roots }) => createLoadavgCollector(roots), { elsewhere: hasLoad }),
  entry('meminfo', 'Memory, every field of /proc/meminfo.', ({ roots }) => createMeminfoCollector(roots), {
    elsewhere: hasMemoryNames,
  }),
  entry(
    'diskstats',
    'Input and output of block devices.',
    ({ roots, udevData }, values) =>
      createDiskstatsCollector(roots, udevData, keepBy(DISKSTATS_OPTIONS, values, 'device')),
    { options: DISKSTATS_OPTIONS, elsewhere: isMac },
  ),
  entry(
    'filesystem',
    'Sizes and free space of mounted filesystems.',
    ({ roots, statfs }, values) =>
      createFilesystemCollector(roots, {
        filter: mountFilter(values),
        ...(statfs === undefined ? {} : { statfs }),
      }),
    { options: FILESYSTEM_OPTIONS, elsewhere: hasMountSizes },
  ),
  entry(
    'netdev',
    'Traffic and errors of network devices.',
    ({ roots }, values) => createNetdevCollector(roots, keepBy(NETDEV_OPTIONS, values, 'device')),
    { options: NETDEV_OPTIONS, elsewhere: hasNetworkCounters },
  ),
  entry(
    'stat',
    'Boot time, context switches, interrupts, forks and processes.',
    ({ roots }, { softirq }) => createStatCollector(roots, softirq),
    { options: STAT_OPTIONS },
  ),
  entry('boottime', 'Boot time, on systems other than Linux.', ({ now }) => createBootTimeCollector(now), {
    runsOn: isOther,
  }),
  entry('uname', 'Kernel and names of the host.', ({ roots }) => createUnameCollector(roots), {
    elsewhere: isOther,
  }),
  entry('os', 'Distribution, from os-release.', ({ roots }) => createOsCollector(roots), {
    runsOn: (platform) => !isWindows(platform),
    elsewhere: isWindows,
  }),
  entry(
    'time',
    'System time, time zone and clock sources.',
    ({ roots, now }) => createTimeCollector(roots, now),
    { runsOn: isAny },
  ),
  entry(
    'vmstat',
    'Paging, faults and the OOM killer, from /proc/vmstat.',
    ({ roots }, { fields }) => createVmstatCollector(roots, fields),
    { options: VMSTAT_OPTIONS },
  ),
  entry(
    'netstat',
    "Counters of the kernel's network protocols.",
    ({ roots }, { fields }) => createNetstatCollector(roots, fields),
    { options: NETSTAT_OPTIONS },
  ),
  entry('sockstat', 'Sockets in use and their memory.', ({ roots }) => createSockstatCollector(roots)),
  entry('softnet', 'Packets handed to each CPU.', ({ roots }) => createSoftnetCollector(roots)),
  entry(
    'arp',
    'ARP entries of network devices.',
    ({ roots }, values) => createArpCollector(roots, keepBy(ARP_OPTIONS, values, 'device')),
    { options: ARP_OPTIONS },
  ),
  entry('conntrack', 'The table of connections.', ({ roots }) => createConntrackCollector(roots)),
  entry('filefd', 'Open files of the whole host.', ({ roots }) => createFilefdCollector(roots)),
  entry('entropy', "The kernel's pool of entropy.", ({ roots }) => createEntropyCollector(roots)),
  entry('schedstat', 'Running and waiting time of tasks, per CPU.', ({ roots }) =>
    createSchedstatCollector(roots),
  ),
  entry('pressure', 'Time lost for want of CPU, memory or I/O.', ({ roots }) =>
    createPressureCollector(roots),
  ),
  entry('udp_queues', 'Bytes in the queues of UDP sockets.', ({ roots }) => createUdpQueuesCollector(roots)),
  entry('tcpstat', 'TCP sockets by state.', ({ roots }) => createTcpstatCollector(roots), OFF),
  entry('kernel_hung', 'Tasks that the kernel found hung.', ({ roots }) => createKernelHungCollector(roots)),
  entry('processes', 'Processes and threads by state.', ({ roots }) => createProcessesCollector(roots), {
    enabledByDefault: false,
  }),
  entry('cgroups', 'Control groups of each controller.', ({ roots }) => createCgroupsCollector(roots), {
    enabledByDefault: false,
  }),
  entry('xfs', 'Counters of XFS.', ({ roots }) => createXfsCollector(roots)),
  entry('nfs', 'What the NFS client asked.', ({ roots }) => createNfsCollector(roots)),
  entry('nfsd', 'What the NFS server was asked.', ({ roots }) => createNfsdCollector(roots)),
  entry(
    'ipvs',
    "The kernel's load balancer.",
    ({ roots }, values) => createIpvsCollector(roots, values['backend-labels']),
    { options: IPVS_OPTIONS },
  ),
  entry('zfs', 'Counters of ZFS.', ({ roots }) => createZfsCollector(roots)),
  entry(
    'interrupts',
    'Interrupts of each kind and CPU.',
    ({ roots }, values) =>
      createInterruptsCollector(roots, keepBy(INTERRUPTS_OPTIONS, values, 'name'), values['include-zeros']),
    { options: INTERRUPTS_OPTIONS, ...OFF },
  ),
  entry('softirqs', 'Softirqs of each kind and CPU.', ({ roots }) => createSoftirqsCollector(roots), {
    enabledByDefault: false,
  }),
  entry('meminfo_numa', 'Memory of each NUMA node.', ({ roots }) => createMeminfoNumaCollector(roots), OFF),
  entry('ksmd', 'The daemon that merges equal pages.', ({ roots }) => createKsmdCollector(roots), OFF),
  entry('buddyinfo', 'Free blocks of memory by size.', ({ roots }) => createBuddyinfoCollector(roots), OFF),
  entry(
    'slabinfo',
    "The kernel's caches of objects; needs root.",
    ({ roots }, values) => createSlabinfoCollector(roots, keepBy(SLABINFO_OPTIONS, values, 'slabs')),
    { options: SLABINFO_OPTIONS, ...OFF },
  ),
  entry('zoneinfo', 'Pages of each zone of memory.', ({ roots }) => createZoneinfoCollector(roots), OFF),
  entry(
    'cpu_vulnerabilities',
    'Known weaknesses of the CPU.',
    ({ roots }) => createCpuVulnerabilitiesCollector(roots),
    OFF,
  ),
  entry('lnstat', 'Caches of routes and neighbours.', ({ roots }) => createLnstatCollector(roots), OFF),
  entry('drbd', 'Devices mirrored by DRBD.', ({ roots }) => createDrbdCollector(roots), OFF),
  entry('mountstats', 'What NFS mounts asked.', ({ roots }) => createMountStatsCollector(roots), OFF),
  entry(
    'timex',
    "The clock's discipline: its offset, error, and whether it is synchronized.",
    ({ now, timex }) => createTimexCollector(now, timex),
  ),
  ...DEVICE_ENTRIES,
  entry(
    'containers',
    'CPU, memory, network and block I/O of each container, where Docker or Podman answers.',
    ({ roots, now, containerSockets = usualSockets(process.env) }, values) =>
      createContainersCollector(
        { roots, usualSockets: containerSockets, now, monotonic: () => performance.now() },
        values,
      ),
    { options: CONTAINERS_OPTIONS },
  ),
  entry(
    'process',
    "The reporter's own CPU time, memory and file descriptors.",
    ({ roots }) => createProcessCollector(roots),
    { elsewhere: isOther },
  ),
  entry(
    'inventory',
    'Hardware, operating system and GPUs, asked in a child process at a slow pace.',
    ({ once = false, now, askInventory }, values) =>
      createLateCollector('inventory', async () => {
        const { createInventoryCollector } = await import('./inventory/inventory.ts');
        return createInventoryCollector({ once, now, ask: askInventory }, values);
      }),
    { options: INVENTORY_OPTIONS, runsOn: isAny, ...OFF },
  ),
];

/** All there are, whatever the platform: a configuration file may be shared by hosts of several kinds. */
export const COLLECTORS: readonly CollectorInfo[] = ENTRIES;

/** Options of one collector that do not go together. */
export function collectorConflicts(settings: CollectorSettings): readonly OptionError[] {
  return ENTRIES.flatMap(({ name, options }) => conflictsOf(name, options, settings));
}

/**
 * The collectors that are on, in a fixed order. One that is asked for but does not exist on this platform is left out.
 * @throws RangeError when `enabled` names a collector that there is not at all.
 */
export function createCollectors(options: CollectorOptions): Collector[] {
  for (const name of options.enabled.keys()) {
    if (!ENTRIES.some((known) => known.name === name)) throw new RangeError(`there is no collector ${name}`);
  }
  const { platform, enabled } = options;
  const chosen = ENTRIES.filter(({ name, enabledByDefault }) => enabled.get(name) ?? enabledByDefault);
  const others = chosen.filter(({ elsewhere }) => elsewhere(platform)).map(({ name }) => name);
  let loading: ReturnType<typeof loadOthers> | null = null;
  const loadOther = async (name: string): Promise<Collector> => {
    loading ??= loadOthers(options, others);
    const collector = (await loading).get(name);
    if (collector === undefined) throw new RangeError(`there is no collector ${name}`);
    return collector;
  };
  const { lane = new Lane() } = options;
  return chosen.flatMap((known) => {
    const { name, runsOn } = known;
    if (runsOn(platform)) return [createHere(known, options, lane)];
    return others.includes(name) ? [createLateCollector(name, () => loadOther(name))] : [];
  });
}

function createHere(
  { create, readsAttributes }: CollectorEntry,
  options: CollectorOptions,
  lane: Lane,
): Collector {
  const collector = create(options);
  if (!readsAttributes) return collector;
  const { monotonic = () => performance.now() } = options;
  return withSlowReads(collector, new SlowReads({ monotonic }, lane));
}

async function loadOthers(
  options: CollectorOptions,
  names: readonly string[],
): Promise<ReadonlyMap<string, Collector>> {
  const { createOtherCollectors } = await import('./other-systems/create.ts');
  return createOtherCollectors(options, names);
}
