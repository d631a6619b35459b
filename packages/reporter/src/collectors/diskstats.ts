/** Input and output of block devices from `/proc/diskstats`, and what udev and `/sys` say about them (disk-info.ts). */
import { join } from 'node:path';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { defaultsOf, filterOptions, type Keep, keepBy } from './collector-options.ts';
import { createDiskInfoReader, writeDiskInfos } from './disk-info.ts';
import { badLine, eachLine, numberIn, parseFile, words } from './source.ts';

/** RAM disks, loop devices, floppies, and partitions, whose sums are those of their disks. */
const DEVICE_EXCLUDE = '^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$';

export const DISKSTATS_OPTIONS = filterOptions('device', 'block devices', DEVICE_EXCLUDE);

export const keepDiskByDefault = keepBy(DISKSTATS_OPTIONS, defaultsOf(DISKSTATS_OPTIONS), 'device');

/** Of 512 bytes in this file, whatever the device's own size is. */
const SECTORS_TO_BYTES = 512;
const MILLISECONDS_PER_SECOND = 1000;

interface Statistic {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly convert: (raw: number) => number;
}

const asIs = (raw: number) => raw;
const sectors = (raw: number) => raw * SECTORS_TO_BYTES;
const milliseconds = (raw: number) => raw / MILLISECONDS_PER_SECOND;

function counter(name: string, convert: (raw: number) => number, help: string): Statistic {
  return { name: `node_disk_${name}_total`, type: 'counter', help, convert };
}

/** In the order of the file's columns. Kernels before 4.18 end after the weighted time, those before 5.5 after discards. */
export const DISK_STATISTICS: readonly Statistic[] = [
  counter('reads_completed', asIs, 'The total number of reads completed successfully.'),
  counter('reads_merged', asIs, 'The total number of reads merged.'),
  counter('read_bytes', sectors, 'The total number of bytes read successfully.'),
  counter('read_time_seconds', milliseconds, 'The total number of seconds spent by all reads.'),
  counter('writes_completed', asIs, 'The total number of writes completed successfully.'),
  counter('writes_merged', asIs, 'The number of writes merged.'),
  counter('written_bytes', sectors, 'The total number of bytes written successfully.'),
  counter('write_time_seconds', milliseconds, 'This is the total number of seconds spent by all writes.'),
  {
    name: 'node_disk_io_now',
    type: 'gauge',
    help: 'The number of I/Os currently in progress.',
    convert: asIs,
  },
  counter('io_time_seconds', milliseconds, 'Total seconds spent doing I/Os.'),
  counter('io_time_weighted_seconds', milliseconds, 'The weighted # of seconds spent doing I/Os.'),
  counter('discards_completed', asIs, 'The total number of discards completed successfully.'),
  counter('discards_merged', asIs, 'The total number of discards merged.'),
  counter('discarded_sectors', asIs, 'The total number of sectors discarded successfully.'),
  counter('discard_time_seconds', milliseconds, 'This is the total number of seconds spent by all discards.'),
  counter('flush_requests', asIs, 'The total number of flush requests completed successfully'),
  counter(
    'flush_requests_time_seconds',
    milliseconds,
    'This is the total number of seconds spent by all flush requests.',
  ),
];
/** What every kernel has since 2.6. */
const STATISTICS_MIN = 11;

export interface Disk {
  readonly device: string;
  readonly major: string;
  readonly minor: string;
  /** In the order of DISK_STATISTICS, as far as this kernel goes. */
  readonly counters: readonly number[];
}

export function parseDiskstats(text: string, keep: Keep): Disk[] {
  const disks: Disk[] = [];
  eachLine(text, (line) => {
    const [major, minor, device, ...rest] = words(line);
    if (major === undefined || minor === undefined || device === undefined)
      throw badLine('too few fields', line);
    if (!keep(device)) return;
    if (rest.length < STATISTICS_MIN) throw badLine('too few fields', line);
    const counters = rest.slice(0, DISK_STATISTICS.length).map((word) => numberIn(word, line));
    disks.push({ device, major, minor, counters });
  });
  return disks;
}

const DEVICE_LABEL = ['device'] as const;

function write(out: ColumnWriter, disks: readonly Disk[]): void {
  for (const [i, { name, type, help, convert }] of DISK_STATISTICS.entries()) {
    out.family(name, type, help, DEVICE_LABEL);
    for (const { device, counters } of disks) {
      const raw = counters[i];
      if (raw !== undefined) out.add(convert(raw), device);
    }
  }
}

/** @param udevData udev's database; other than `/run/udev/data` beneath the root only in tests. */
export function createDiskstatsCollector(
  roots: Roots,
  udevData = join(roots.root, 'run/udev/data'),
  keep = keepDiskByDefault,
): Collector {
  const path = join(roots.proc, 'diskstats');
  const infos = createDiskInfoReader(roots, udevData);
  return {
    name: 'diskstats',
    collect(out) {
      const disks = parseFile(path, (text) => parseDiskstats(text, keep));
      writeDiskInfos(out, infos.read(disks));
      write(out, disks);
    },
  };
}
