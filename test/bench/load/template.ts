/**
 * What each host of a bench's fleet samples: families, labels and groups as node_exporter has them on a middling server, cut or
 * filled to as many series as are wanted. A quarter of the values changes with each tick, as node_exporter's do.
 */
import type { Family, Labels, MetricType, Series, Shape } from '@tributary/shared/shape';

type Kind =
  /** Bytes, packets, sectors: whole numbers that rise. */
  | 'count'
  /** Seconds with two decimals that rise. */
  | 'seconds'
  /** Bytes in pages, up and down. */
  | 'bytes'
  /** A small number with two decimals, up and down. */
  | 'load'
  | 'constant';

interface Values {
  readonly kind: Kind;
  /** It changes once in so many ticks. */
  readonly period: number;
}

export interface TemplateGroup {
  readonly shape: Shape;
  /** Of its series, in their order. */
  readonly values: readonly Values[];
}

interface Row {
  readonly family: Family;
  readonly values: readonly Values[];
}

function row(
  name: string,
  type: MetricType,
  kind: Kind,
  periods: readonly number[],
  labels: readonly Labels[],
): Row {
  const series = labels.map((own): Series => ['', own]);
  return {
    family: { name, type, help: `What ${name.replaceAll('_', ' ')} says of this host.`, series },
    values: labels.map((_, i) => ({ kind, period: periods[i % periods.length] ?? 1 })),
  };
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const times = <T>(list: readonly T[], name: string): Labels[] =>
  list.map((item) => ({ [name]: String(item) }));
const single: readonly Labels[] = [{}];
const MODES = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user'];
const MEMORY = [
  'Active Active_anon Active_file AnonHugePages AnonPages Bounce Buffers Cached CommitLimit Committed_AS DirectMap1G',
  'DirectMap2M DirectMap4k Dirty FileHugePages HardwareCorrupted HugePages_Free HugePages_Total Hugepagesize Inactive',
  'Inactive_anon Inactive_file KReclaimable KernelStack Mapped MemAvailable MemFree MemTotal Mlocked NFS_Unstable PageTables',
  'Percpu SReclaimable SUnreclaim Shmem ShmemHugePages Slab SwapCached SwapFree SwapTotal Unevictable VmallocUsed Writeback',
]
  .join(' ')
  .split(' ');
const DISK = [
  'reads_completed',
  'reads_merged',
  'read_bytes',
  'writes_completed',
  'writes_merged',
  'written_bytes',
];
const NETWORK = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'frame', 'compressed', 'multicast'];
const NETSTAT = [
  'Icmp_InErrors Icmp_InMsgs Icmp_OutMsgs Ip_Forwarding TcpExt_ListenDrops TcpExt_ListenOverflows TcpExt_SyncookiesFailed',
  'TcpExt_TCPSynRetrans Tcp_ActiveOpens Tcp_CurrEstab Tcp_InErrs Tcp_InSegs Tcp_OutRsts Tcp_OutSegs Tcp_PassiveOpens',
  'Tcp_RetransSegs Udp_InDatagrams Udp_InErrors Udp_NoPorts Udp_OutDatagrams',
]
  .join(' ')
  .split(' ');
const NEVER = [Number.POSITIVE_INFINITY];

/** One list a collector, as a reporter sends one group for each. */
function collectors(): Row[][] {
  const modes = range(8).flatMap((cpu) => MODES.map((mode) => ({ cpu: String(cpu), mode })));
  const disks = times(['nvme0n1', 'nvme1n1', 'sda', 'sdb', 'dm-0', 'dm-1'], 'device');
  const cards = times(['eth0', 'eth1', 'lo', 'docker0', 'br-1', 'veth0'], 'device');
  const mounts = range(8).map((i) => ({
    device: `/dev/sd${i}`,
    fstype: 'ext4',
    mountpoint: `/srv/volume-${i}`,
  }));
  return [
    [
      row(
        'node_cpu_seconds_total',
        'counter',
        'seconds',
        [1, 6, ...NEVER, ...NEVER, 4, ...NEVER, 1, 1],
        modes,
      ),
    ],
    [1, 5, 15].map((minutes) => row(`node_load${minutes}`, 'gauge', 'load', [1], single)),
    MEMORY.map((field, i) =>
      row(`node_memory_${field}_bytes`, 'gauge', 'bytes', i % 3 === 0 ? [1] : NEVER, single),
    ),
    DISK.map((name) => row(`node_disk_${name}_total`, 'counter', 'count', [1, 3, ...NEVER], disks)),
    ['io_time', 'read_time', 'write_time'].map((name) =>
      row(`node_disk_${name}_seconds_total`, 'counter', 'seconds', [1, 3, ...NEVER], disks),
    ),
    ['avail', 'free', 'size'].map((name, i) =>
      row(`node_filesystem_${name}_bytes`, 'gauge', 'bytes', i < 2 ? [3, ...NEVER] : NEVER, mounts),
    ),
    ['files', 'files_free'].map((name) =>
      row(`node_filesystem_${name}`, 'gauge', 'count', [6, ...NEVER], mounts),
    ),
    ['readonly', 'device_error'].map((name) =>
      row(`node_filesystem_${name}`, 'gauge', 'constant', NEVER, mounts),
    ),
    ['receive', 'transmit'].flatMap((way) =>
      NETWORK.map((name, i) =>
        row(`node_network_${way}_${name}_total`, 'counter', 'count', i < 2 ? [1, 2, 1] : NEVER, cards),
      ),
    ),
    NETSTAT.map((name, i) =>
      row(`node_netstat_${name}`, 'untyped', 'count', i % 2 === 0 ? [2] : NEVER, single),
    ),
    ['pgfault', 'pgmajfault', 'pgpgin', 'pgpgout', 'pswpin', 'pswpout', 'oom_kill'].map((name, i) =>
      row(`node_vmstat_${name}`, 'untyped', 'count', i < 4 ? [1] : NEVER, single),
    ),
    ['context_switches', 'forks', 'intr'].map((name) =>
      row(`node_${name}_total`, 'counter', 'count', [1], single),
    ),
    ['boot_time_seconds', 'procs_blocked', 'procs_running'].map((name) =>
      row(`node_${name}`, 'gauge', 'constant', NEVER, single),
    ),
    [
      row('node_uname_info', 'gauge', 'constant', NEVER, [
        { machine: 'x86_64', release: '6.12.0', sysname: 'Linux' },
      ]),
    ],
    [row('node_time_seconds', 'gauge', 'load', [1], single)],
    ['TCP', 'UDP', 'RAW'].map((name) =>
      row(`node_sockstat_${name}_inuse`, 'gauge', 'constant', NEVER, single),
    ),
    ['running', 'waiting'].map((name) =>
      row(`node_schedstat_${name}_seconds_total`, 'counter', 'seconds', [1, 2], times(range(8), 'cpu')),
    ),
  ];
}

/** @param series exactly so many; beyond what a server has, sensors that mostly stand still. */
export function template(series: number): readonly TemplateGroup[] {
  const groups: TemplateGroup[] = [];
  let left = series;
  const add = (rows: readonly Row[]) => {
    const families: Family[] = [];
    const values: Values[] = [];
    for (const { family, values: own } of rows) {
      const taken = Math.min(left, own.length);
      if (taken === 0) break;
      families.push({ ...family, series: family.series.slice(0, taken) });
      values.push(...own.slice(0, taken));
      left -= taken;
    }
    if (families.length > 0) groups.push({ shape: { labels: { job: 'node' }, families }, values });
  };
  for (const rows of collectors()) add(rows);
  const sensors = times(range(left), 'sensor');
  add([row('node_hwmon_temp_celsius', 'gauge', 'load', [8], sensors)]);
  return groups;
}

/** A number of 32 bits from two, well mixed (the finalizer of MurmurHash3). */
function mix(a: number, b: number): number {
  let h = (a ^ Math.imul(b + 1, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The values of the `g`-th group of a host; no two hosts have the same. */
export function columnOf({ values }: TemplateGroup, g: number, host: number, tick: number): number[] {
  return values.map((value, i) => valueAt(value, host * 1_000_003 + g * 4096 + i, tick));
}

/** @param seed of the host and the series. */
function valueAt({ kind, period }: Values, seed: number, tick: number): number {
  const step = period === Number.POSITIVE_INFINITY ? 0 : Math.floor((tick + (seed % period)) / period);
  const begin = mix(seed, 0);
  switch (kind) {
    case 'count':
      return (begin % 1e9) + step * (1 + (begin % 9973)) + (mix(seed, step) % 100);
    case 'seconds':
      return ((begin % 1e8) + step * (1 + (begin % 997))) / 100;
    case 'bytes':
      return 4096 * ((begin % 4e6) + (mix(seed, step) % 1000));
    case 'load':
      return (mix(seed, step) % 5000) / 100;
    case 'constant':
      return begin % 3;
  }
}
