/**
 * The table of what is told of each container. Names, types and help are cAdvisor's (metrics/prometheus.go); what it has
 * and is not here is in docs/COLLECTORS.md.
 */
import type { MetricType } from '@tributary/shared/shape';
import type { Limits, Usage } from './figures.ts';

/** Figures that a container has once. */
export interface Figures extends Usage, Limits {
  readonly createdSeconds: number | null;
  readonly startedSeconds: number | null;
  readonly lastSeenSeconds: number;
}

/** One series of a family: which figure it has, and labels beside the container's, names and values in turn. */
interface FigureSeries {
  readonly figure: keyof Figures;
  readonly labels: readonly string[];
  /** Told only where CPU time is limited. */
  readonly onlyWithQuota: boolean;
}

export interface FigureFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly series: readonly FigureSeries[];
}

function one(
  name: string,
  type: MetricType,
  help: string,
  figure: keyof Figures,
  labels: readonly string[] = [],
): FigureFamily {
  return { name, type, help, series: [{ figure, labels, onlyWithQuota: false }] };
}

function withQuota(name: string, help: string, figure: keyof Figures): FigureFamily {
  return { name, type: 'counter', help, series: [{ figure, labels: [], onlyWithQuota: true }] };
}

const CPU = 'cpu';
const FAILURE_TYPE = 'failure_type';
const SCOPE = 'scope';

function failure(figure: keyof Figures, type: string, scope: string): FigureSeries {
  return { figure, labels: [FAILURE_TYPE, type, SCOPE, scope], onlyWithQuota: false };
}

const SEEN: readonly FigureFamily[] = [
  one('container_last_seen', 'gauge', 'Last time a container was seen by the exporter', 'lastSeenSeconds'),
  one(
    'container_creation_time_seconds',
    'gauge',
    'Container creation time since unix epoch in seconds.',
    'createdSeconds',
  ),
  one(
    'container_start_time_seconds',
    'gauge',
    'Start time of the container since unix epoch in seconds.',
    'startedSeconds',
  ),
];

const LIMITS: readonly FigureFamily[] = [
  one('container_spec_cpu_period', 'gauge', 'CPU period of the container.', 'cpuPeriod'),
  one('container_spec_cpu_quota', 'gauge', 'CPU quota of the container.', 'cpuQuota'),
  one('container_spec_cpu_shares', 'gauge', 'CPU share of the container.', 'cpuShares'),
  one('container_spec_memory_limit_bytes', 'gauge', 'Memory limit for the container.', 'memoryLimit'),
  one(
    'container_spec_memory_swap_limit_bytes',
    'gauge',
    'Memory swap limit for the container.',
    'memorySwapLimit',
  ),
  one(
    'container_spec_memory_reservation_limit_bytes',
    'gauge',
    'Memory reservation limit for the container.',
    'memoryReservation',
  ),
];

const CPU_USAGE: readonly FigureFamily[] = [
  one(
    'container_cpu_user_seconds_total',
    'counter',
    'Cumulative user cpu time consumed in seconds.',
    'cpuUserSeconds',
  ),
  one(
    'container_cpu_system_seconds_total',
    'counter',
    'Cumulative system cpu time consumed in seconds.',
    'cpuSystemSeconds',
  ),
  one(
    'container_cpu_usage_seconds_total',
    'counter',
    'Cumulative cpu time consumed in seconds.',
    'cpuSeconds',
    [CPU, 'total'],
  ),
  withQuota(
    'container_cpu_cfs_periods_total',
    'Number of elapsed enforcement period intervals.',
    'cfsPeriods',
  ),
  withQuota(
    'container_cpu_cfs_throttled_periods_total',
    'Number of throttled period intervals.',
    'cfsThrottledPeriods',
  ),
  withQuota(
    'container_cpu_cfs_throttled_seconds_total',
    'Total time duration the container has been throttled.',
    'cfsThrottledSeconds',
  ),
  withQuota(
    'container_cpu_cfs_burst_periods_total',
    'Number of periods when burst occurs.',
    'cfsBurstPeriods',
  ),
  withQuota(
    'container_cpu_cfs_burst_seconds_total',
    'Total time duration the container has been bursted.',
    'cfsBurstSeconds',
  ),
];

const MEMORY_USAGE: readonly FigureFamily[] = [
  one('container_memory_cache', 'gauge', 'Number of bytes of page cache memory.', 'memoryCache'),
  one('container_memory_rss', 'gauge', 'Size of RSS in bytes.', 'memoryRss'),
  one('container_memory_kernel_usage', 'gauge', 'Size of kernel memory allocated in bytes.', 'memoryKernel'),
  one('container_memory_mapped_file', 'gauge', 'Size of memory mapped files in bytes.', 'memoryMappedFile'),
  one('container_memory_swap', 'gauge', 'Container swap usage in bytes.', 'memorySwap'),
  one('container_memory_failcnt', 'counter', 'Number of memory usage hits limits', 'memoryLimitHits'),
  one(
    'container_memory_usage_bytes',
    'gauge',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    'memoryUsage',
  ),
  one(
    'container_memory_max_usage_bytes',
    'gauge',
    'Maximum memory usage recorded in bytes',
    'memoryMaxUsage',
  ),
  one('container_memory_working_set_bytes', 'gauge', 'Current working set in bytes.', 'memoryWorkingSet'),
  one(
    'container_memory_total_active_file_bytes',
    'gauge',
    'Current total active file in bytes.',
    'memoryActiveFile',
  ),
  one(
    'container_memory_total_inactive_file_bytes',
    'gauge',
    'Current total inactive file in bytes.',
    'memoryInactiveFile',
  ),
  {
    name: 'container_memory_failures_total',
    type: 'counter',
    help: 'Cumulative count of memory allocation failures.',
    // cAdvisor gives both scopes the same figures.
    series: [
      failure('pageFaults', 'pgfault', 'container'),
      failure('majorPageFaults', 'pgmajfault', 'container'),
      failure('pageFaults', 'pgfault', 'hierarchy'),
      failure('majorPageFaults', 'pgmajfault', 'hierarchy'),
    ],
  },
  one(
    'container_oom_events_total',
    'counter',
    'Count of out of memory events observed for the container',
    'oomKills',
  ),
];

const PROCESSES: readonly FigureFamily[] = [
  one('container_processes', 'gauge', 'Number of processes running inside the container.', 'processes'),
  one('container_threads', 'gauge', 'Number of threads running inside the container', 'threads'),
  one(
    'container_threads_max',
    'gauge',
    'Maximum number of threads allowed inside the container, infinity if value is zero',
    'threadsMax',
  ),
];

const RESOURCES = [
  ['cpu', 'CPU', 'cpuStalledSeconds', 'cpuWaitingSeconds'],
  ['memory', 'memory', 'memoryStalledSeconds', 'memoryWaitingSeconds'],
  ['io', 'IO', 'ioStalledSeconds', 'ioWaitingSeconds'],
] as const;

const PRESSURE: readonly FigureFamily[] = RESOURCES.flatMap(([resource, spelled, stalled, waiting]) => [
  one(
    `container_pressure_${resource}_stalled_seconds_total`,
    'counter',
    `Total time duration no tasks in the container could make progress due to ${spelled} congestion.`,
    stalled,
  ),
  one(
    `container_pressure_${resource}_waiting_seconds_total`,
    'counter',
    `Total time duration tasks in the container have waited due to ${spelled} congestion.`,
    waiting,
  ),
]);

/** In the order in which they are told. */
export const FIGURE_FAMILIES: readonly FigureFamily[] = [
  ...SEEN,
  ...LIMITS,
  ...CPU_USAGE,
  ...MEMORY_USAGE,
  ...PROCESSES,
  ...PRESSURE,
];

/** Of each interface, by the column of `/proc/net/dev`. */
export const NETWORK_FAMILIES: readonly {
  readonly name: string;
  readonly help: string;
  readonly column: number;
}[] = [
  { name: 'receive_bytes', help: 'Cumulative count of bytes received', column: 0 },
  { name: 'receive_packets', help: 'Cumulative count of packets received', column: 1 },
  {
    name: 'receive_packets_dropped',
    help: 'Cumulative count of packets dropped while receiving',
    column: 3,
  },
  { name: 'receive_errors', help: 'Cumulative count of errors encountered while receiving', column: 2 },
  { name: 'transmit_bytes', help: 'Cumulative count of bytes transmitted', column: 8 },
  { name: 'transmit_packets', help: 'Cumulative count of packets transmitted', column: 9 },
  {
    name: 'transmit_packets_dropped',
    help: 'Cumulative count of packets dropped while transmitting',
    column: 11,
  },
  {
    name: 'transmit_errors',
    help: 'Cumulative count of errors encountered while transmitting',
    column: 10,
  },
].map(({ name, ...rest }) => ({ name: `container_network_${name}_total`, ...rest }));

/** Of each block device. */
export const IO_FAMILIES = [
  ['container_fs_reads_bytes_total', 'Cumulative count of bytes read', 'bytes', 'Read'],
  ['container_fs_reads_total', 'Cumulative count of reads completed', 'requests', 'Read'],
  ['container_fs_writes_bytes_total', 'Cumulative count of bytes written', 'bytes', 'Write'],
  ['container_fs_writes_total', 'Cumulative count of writes completed', 'requests', 'Write'],
] as const;
