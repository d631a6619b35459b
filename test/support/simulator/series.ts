/**
 * What a virtual host samples: shapes like node_exporter's, with as many series as are wanted, and for each tick the
 * values of all. About a quarter of the values change at a tick, as on a real host.
 */
import { fnv1a32 } from '@tributary/shared/hash';
import type { Family, Labels, MetricType, Series, Shape } from '@tributary/shared/shape';
import type { SpoolGroup } from '../../../packages/reporter/src/spool/stored-groups.ts';
import { type Behaviour, mix, type SeriesPlan, valueAt } from './values.ts';

export interface SamplerPlan {
  readonly host: string;
  readonly seed: number;
  /** At least `SERIES_MIN`. One more comes and goes: see `DEVICE_TICKS`. */
  readonly series: number;
  /** Static labels of the host. */
  readonly labels: Labels;
}

/** Of ticks, for how many a device is there and then not; each change is a new shape. */
export const DEVICE_TICKS = 30;
const MODES = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user'];
const BOUNDS = ['0.005', '0.05', '0.5', '2.5', '+Inf'];

/** One group of every batch. */
interface Part {
  readonly shape: Shape;
  readonly plans: readonly SeriesPlan[];
}

interface FamilyPlan {
  readonly name: string;
  readonly type: MetricType;
  readonly behaviour: Behaviour;
  readonly period: number;
  readonly series: readonly Series[];
}

/** @returns the groups of the batch of a tick. Shapes are the same objects each time, as a real sampler's are. */
export function createSamples(plan: SamplerPlan): (tick: number) => readonly SpoolGroup[] {
  const seed = mix(plan.seed, fnv1a32(plan.host));
  const labels = { job: 'node', ...plan.labels };
  const parts = [...basicParts(), ...fillingParts(plan.series - SERIES_MIN)].map((families) =>
    toPart(families, labels, seed),
  );
  const devices = [['usb0'], ['usb0', 'usb1']].map((names) => toPart(devicePart(names), labels, seed));
  return (tick) => {
    const device = devices[Math.floor(tick / DEVICE_TICKS) % devices.length];
    return [...parts, ...(device === undefined ? [] : [device])].map(({ shape, plans }) => ({
      shape,
      values: plans.map((series) => valueAt(series, tick)),
    }));
  };
}

function toPart(families: readonly FamilyPlan[], labels: Labels, seed: number): Part {
  return {
    shape: { labels, families: families.map(toFamily) },
    plans: families.flatMap(({ name, behaviour, period, series }) =>
      series.map(([suffix, own]) => ({
        behaviour,
        period,
        seed: mix(seed, fnv1a32(name + suffix + JSON.stringify(own))),
      })),
    ),
  };
}

function toFamily({ name, type, series }: FamilyPlan): Family {
  return { name, type, help: `Help of ${name}.`, series };
}

function family(
  name: string,
  type: MetricType,
  [behaviour, period]: readonly [Behaviour, number],
  ...series: readonly Labels[]
): FamilyPlan {
  return { name, type, behaviour, period, series: series.map((labels): Series => ['', labels]) };
}

/** A histogram whose lines all rise by one rule, so that buckets do not stay sorted; nobody here minds. */
function histogram(name: string, ...metrics: readonly Labels[]): FamilyPlan {
  const series = metrics.flatMap((labels): Series[] => [
    ...BOUNDS.map((le): Series => ['_bucket', { ...labels, le }]),
    ['_sum', labels],
    ['_count', labels],
  ]);
  return { name, type: 'histogram', behaviour: 'counter', period: 4, series };
}

/** What every host has. */
function basicParts(): FamilyPlan[][] {
  return [
    [1, 5, 15].map((minutes) => family(`node_load${minutes}`, 'gauge', ['gauge', 1], {})),
    [
      family('node_boot_time_seconds', 'gauge', ['constant', 1], {}),
      // Text that has to be escaped, and names that are the target's.
      family('node_uname_info', 'gauge', ['constant', 1], {
        nodename: 'a "b" \\ c\nd é',
        instance: 'mine',
        host: 'x',
      }),
      family('node_forks_total', 'counter', ['counter', 1], {}),
      // A counter that OpenMetrics cannot show as one.
      family('node_context_switches', 'counter', ['counter', 2], {}),
      family('node_vmstat_pgfault', 'untyped', ['counter', 3], {}),
    ],
    ['MemFree', 'MemAvailable', 'Buffers', 'Cached'].map((field) =>
      family(`node_memory_${field}_bytes`, 'gauge', ['gauge', 4], {}),
    ),
    ['MemTotal', 'SwapTotal', 'HugePages'].map((field) =>
      family(`node_memory_${field}_bytes`, 'gauge', ['constant', 1], {}),
    ),
    [histogram('node_probe_duration_seconds', { path: '/' }, { path: '/login' })],
    [family('node_odd_value', 'gauge', ['odd', 3], ...[0, 1, 2, 3].map((i) => ({ number: String(i) })))],
  ];
}

function devicePart(names: readonly string[]): FamilyPlan[] {
  const labels = names.map((device) => ({ device }));
  return [family('node_usb_bytes_total', 'counter', ['counter', 2], ...labels)];
}

const DEVICES_MIN = 1;
/** Below this there is not one of each kind. */
export const SERIES_MIN =
  basicParts()
    .flat()
    .flatMap(({ series }) => series).length + DEVICES_MIN;

/** So many further series: CPUs, interfaces, file systems and disks in the proportions of a middling server. */
function fillingParts(count: number): FamilyPlan[][] {
  if (count < 0) throw new Error(`a virtual host has at least ${SERIES_MIN} series`);
  const share = (part: number) => Math.floor(count * part);
  const [network, disks, filesystems] = [share(0.2), share(0.15), share(0.25)];
  const cpus = count - network - disks - filesystems;
  const parts = [
    [
      family(
        'node_cpu_seconds_total',
        'counter',
        ['counter', 4],
        ...numbered(cpus, (i) => ({ cpu: String(i >> 3), mode: MODES[i & 7] ?? '' })),
      ),
    ],
    [
      family(
        'node_network_receive_bytes_total',
        'counter',
        ['counter', 2],
        ...numbered(network, (i) => ({ device: `eth${i}` })),
      ),
    ],
    [
      family(
        'node_disk_io_time_seconds_total',
        'counter',
        ['counter', 5],
        ...numbered(disks, (i) => ({ device: `sd${i}` })),
      ),
    ],
    [
      family(
        'node_filesystem_size_bytes',
        'gauge',
        ['constant', 1],
        ...numbered(filesystems, (i) => ({
          device: `/dev/sd${i}`,
          fstype: 'ext4',
          mountpoint: `/srv/${i}`,
        })),
      ),
    ],
  ];
  return parts.filter((families) => families.some(({ series }) => series.length > 0));
}

function numbered(count: number, labels: (i: number) => Labels): Labels[] {
  return Array.from({ length: count }, (_, i) => labels(i));
}
