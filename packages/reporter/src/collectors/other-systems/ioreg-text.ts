/**
 * Parses what ioreg(8) of macOS knows of disks: `ioreg -r -l -w 0 -d 2 -c IOBlockStorageDriver`, each driver with its counters
 * and beneath it the medium, which has the disk's name.
 *
 *     +-o IOBlockStorageDriver  <class IOBlockStorageDriver, id 0x1000002e8, …>
 *       | {
 *       |   "Statistics" = {"Operations (Write)"=1012953,"Bytes (Read)"=31897657344,"Total Time (Read)"=658433335156,…}
 *       | }
 *       +-o APPLE SSD AP0512Q Media  <class IOMedia, id 0x1000002ec, …>
 *           {
 *             "BSD Name" = "disk0"
 *           }
 */
import { eachLine } from '../source.ts';

/** Disk → name in the registry, as in `Bytes (Read)` → count; times are in ns. */
export type DiskCounters = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A driver without a medium (an empty card reader) is no disk. */
export function parseIoreg(text: string): DiskCounters {
  const disks = new Map<string, ReadonlyMap<string, number>>();
  let counters: ReadonlyMap<string, number> | null = null;
  eachLine(text, (line) => {
    if (line.includes('<class IOBlockStorageDriver')) counters = null;
    const statistics = /"Statistics" = \{(.*)\}/.exec(line)?.[1];
    if (statistics !== undefined) counters = parseStatistics(statistics);
    const disk = /"BSD Name" = "([^"]+)"/.exec(line)?.[1];
    if (disk === undefined || counters === null || disks.has(disk)) return;
    disks.set(disk, counters);
    counters = null;
  });
  return disks;
}

function parseStatistics(text: string): ReadonlyMap<string, number> {
  return new Map([...text.matchAll(/"([^"]+)"=(\d+)/g)].map(([, name = '', count]) => [name, Number(count)]));
}
