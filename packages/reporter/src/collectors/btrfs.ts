/**
 * Space and commits of btrfs filesystems, from `/sys/fs/btrfs`.
 *
 * What is not in there and node_exporter asks the filesystem for by ioctl is absent: errors and unused bytes of each device,
 * and the devices' own uuids.
 */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { SeriesTable } from './series-table.ts';
import { FormatError } from './source.ts';
import { directoryNames, readAttribute, readNumber } from './sysfs.ts';

const BLOCK_GROUPS = ['data', 'metadata', 'system'] as const;
const SECTOR_BYTES = 512;

/** How many bytes of disk a byte takes, by layout; with parity, for so many devices. Devices may be missing. */
export function allocationRatio(mode: string, devices: number): number {
  if (devices < 3 && (mode === 'raid5' || mode === 'raid6')) return 1;
  switch (mode) {
    case 'raid1':
    case 'raid10':
    case 'dup':
      return 2;
    case 'raid1c3':
      return 3;
    case 'raid1c4':
      return 4;
    case 'raid5':
      return devices / (devices - 1);
    case 'raid6':
      return devices / (devices - 2);
    default:
      return 1;
  }
}

/** Numbers of the lines `commits 12`. */
export function parseCommitStats(text: string): ReadonlyMap<string, number> {
  const stats = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name = '', value = ''] = line.trim().split(/\s+/);
    if (name === '') continue;
    const number = value === '' ? Number.NaN : Number(value);
    if (Number.isNaN(number)) throw new FormatError(`${JSON.stringify(line)} is no name and number`);
    stats.set(name, number);
  }
  return stats;
}

const gauge = (name: string, help: string) => ({ name: `node_btrfs_${name}`, type: 'gauge', help }) as const;
const counter = (name: string, help: string) =>
  ({ name: `node_btrfs_${name}`, type: 'counter', help }) as const;

const INFO = gauge('info', 'Filesystem information');
const RESERVE = gauge('global_rsv_size_bytes', 'Size of global reserve.');
const DEVICE_SIZE = gauge('device_size_bytes', 'Size of a device that is part of the filesystem.');
const RESERVED = gauge('reserved_bytes', 'Amount of space reserved for a data type');
const USED = gauge('used_bytes', 'Amount of used space by a layout/data type');
const SIZE = gauge('size_bytes', 'Amount of space allocated for a layout/data type');
const RATIO = gauge('allocation_ratio', 'Data allocation ratio for a layout/data type');
const COMMITS = [
  ['commits', counter('commits_total', 'The total number of commits that have occurred.'), 1],
  ['last_commit_ms', gauge('last_commit_seconds', 'Duration of the most recent commit, in seconds.'), 1000],
  ['max_commit_ms', gauge('max_commit_seconds', 'Duration of the slowest commit, in seconds.'), 1000],
  [
    'total_commit_ms',
    counter('commit_seconds_total', 'Sum of the duration of all commits, in seconds.'),
    1000,
  ],
] as const;

function addBlockGroup(table: SeriesTable, path: string, type: string, devices: number, uuid: string): void {
  const reserved = readNumber(`${path}/bytes_reserved`);
  if (reserved !== null) table.add(RESERVED, ['block_group_type', 'uuid'], reserved, type, uuid);
  for (const mode of directoryNames(path)) {
    // A layout is a folder, of which the numbers of the block group have none.
    const used = readNumber(`${path}/${mode}/used_bytes`);
    const total = readNumber(`${path}/${mode}/total_bytes`);
    if (used === null || total === null) continue;
    const labels = ['block_group_type', 'mode', 'uuid'] as const;
    table.add(USED, labels, used, type, mode, uuid);
    table.add(SIZE, labels, total, type, mode, uuid);
    table.add(RATIO, labels, allocationRatio(mode, devices), type, mode, uuid);
  }
}

function addFilesystem(table: SeriesTable, path: string, uuid: string): void {
  table.add(INFO, ['label', 'uuid'], 1, readAttribute(`${path}/label`) ?? '', uuid);
  const reserve = readNumber(`${path}/allocation/global_rsv_size`);
  if (reserve !== null) table.add(RESERVE, ['uuid'], reserve, uuid);
  const devices = directoryNames(`${path}/devices`);
  for (const device of devices) {
    const sectors = readNumber(`${path}/devices/${device}/size`);
    if (sectors !== null) table.add(DEVICE_SIZE, ['device', 'uuid'], sectors * SECTOR_BYTES, device, uuid);
  }
  for (const type of BLOCK_GROUPS) {
    addBlockGroup(table, `${path}/allocation/${type}`, type, devices.length, uuid);
  }
  const commits = parseCommitStats(readAttribute(`${path}/commit_stats`) ?? '');
  for (const [field, head, divisor] of COMMITS) {
    const value = commits.get(field);
    if (value !== undefined) table.add(head, ['uuid'], value / divisor, uuid);
  }
}

export function createBtrfsCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'fs/btrfs');
  return {
    name: 'btrfs',
    collect(out) {
      const table = new SeriesTable();
      // `features` is a folder too.
      for (const uuid of directoryNames(base).filter((name) => name.includes('-')))
        addFilesystem(table, join(base, uuid), uuid);
      table.writeTo(out);
    },
  };
}
