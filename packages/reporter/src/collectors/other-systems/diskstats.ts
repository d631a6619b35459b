/**
 * Input and output of macOS's disks, from ioreg(8), by the names that node_exporter has there. The systeminformation package
 * knows only the sums of all disks, and elsewhere not even these.
 */
import type { Collector } from '../collector.ts';
import type { Keep } from '../collector-options.ts';
import { DISK_STATISTICS } from '../diskstats.ts';
import type { Reading } from '../latest.ts';
import type { DiskCounters } from './ioreg-text.ts';
import { createTellOnceCollector } from './tell-once.ts';

export type DiskReader = () => Promise<Reading<DiskCounters>>;

const NANOSECONDS = 1e9;

/** Family, name in the registry, and the unit. */
const FAMILIES: readonly (readonly [name: string, key: string, perUnit: number])[] = [
  ['node_disk_reads_completed_total', 'Operations (Read)', 1],
  ['node_disk_read_bytes_total', 'Bytes (Read)', 1],
  ['node_disk_read_time_seconds_total', 'Total Time (Read)', NANOSECONDS],
  ['node_disk_writes_completed_total', 'Operations (Write)', 1],
  ['node_disk_written_bytes_total', 'Bytes (Write)', 1],
  ['node_disk_write_time_seconds_total', 'Total Time (Write)', NANOSECONDS],
];

export function createMacDiskstatsCollector(read: DiskReader, keep: Keep): Collector {
  return createTellOnceCollector('diskstats', read, (out, disks) => {
    for (const [name, key, perUnit] of FAMILIES) {
      const help = DISK_STATISTICS.find((known) => known.name === name)?.help ?? '';
      out.family(name, 'counter', help, ['device']);
      for (const [disk, counters] of disks) {
        const count = counters.get(key);
        if (count !== undefined && keep(disk)) out.add(count / perUnit, disk);
      }
    }
  });
}
