/**
 * Filesystems of bcachefs, from `/sys/fs/bcachefs`: tables made for people, one a file, and a folder for each device
 * (`dev-0`).
 */
import { join } from 'node:path';
import { type Collector, NoDataError, type Roots } from './collector.ts';
import { SeriesTable } from './series-table.ts';
import { badLine, words } from './source.ts';
import { directoryNames, readAttribute } from './sysfs.ts';

const UNITS = 'kMGTPEZY';

/**
 * A size such as `19.3G`, in powers of 1024.
 * @throws FormatError
 */
export function parseHumanSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kKMGTPEZY]?)$/.exec(text);
  if (match === null) throw badLine('no size', text);
  const [, number = '', unit = ''] = match;
  const power = unit === '' ? 0 : UNITS.indexOf(unit === 'K' ? 'k' : unit) + 1;
  return Math.trunc(Number(number) * 1024 ** power);
}

/** Rows of a table, without its heading where that is told by `isHeading`. */
function rowsOf(text: string | null, isHeading: (row: readonly string[]) => boolean): string[][] {
  const rows = (text ?? '').split('\n').map(words);
  return rows.filter((row) => row.length > 1 && !isHeading(row));
}

/** Names and numbers beneath headings such as `read:`; the names without their colon. */
export function parseSections(text: string): { section: string; name: string; value: number }[] {
  const found: { section: string; name: string; value: number }[] = [];
  let section = '';
  for (const line of text.split('\n')) {
    const pair = /^\s*([\w-]+)\s*:\s*(\d+)\s*$/.exec(line);
    if (pair !== null) found.push({ section, name: pair[1] ?? '', value: Number(pair[2]) });
    else if (line.trim() !== '') section = line.trim().replace(/:$/, '');
  }
  return found;
}

const gauge = (name: string, help: string) =>
  ({ name: `node_bcachefs_${name}`, type: 'gauge', help }) as const;
const counter = (name: string, help: string) =>
  ({ name: `node_bcachefs_${name}_total`, type: 'counter', help }) as const;

const INFO = gauge('info', 'Filesystem information.');
const CACHE_SIZE = gauge('btree_cache_size_bytes', 'Btree cache memory usage in bytes.');
const COMPRESSED = gauge('compression_compressed_bytes', 'Compressed size by algorithm.');
const UNCOMPRESSED = gauge('compression_uncompressed_bytes', 'Uncompressed size by algorithm.');
const ERRORS = counter('errors', 'Error count by error type.');
const WRITES = counter('btree_writes', 'Number of btree writes by type.');
const WRITE_SIZE = gauge('btree_write_average_size_bytes', 'Average btree write size by type.');
const DEVICE_INFO = gauge('device_info', 'Device information.');
const IO_DONE = counter('device_io_done_bytes', 'IO bytes by operation type and data type.');
const IO_ERRORS = counter('device_io_errors', 'IO errors by error type.');
const DEVICE_SIZES = [
  ['bucket_size', gauge('device_bucket_size_bytes', 'Bucket size in bytes.')],
  ['nbuckets', gauge('device_buckets', 'Total number of buckets.')],
  ['durability', gauge('device_durability', 'Device durability setting.')],
] as const;

function addTables(table: SeriesTable, path: string, uuid: string): void {
  const isTypeHeading = ([first]: readonly string[]) => first === 'type';
  for (const row of rowsOf(readAttribute(`${path}/compression_stats`), isTypeHeading)) {
    const [algorithm = '', compressed = '', uncompressed = ''] = row;
    table.add(COMPRESSED, ['uuid', 'algorithm'], parseHumanSize(compressed), uuid, algorithm);
    table.add(UNCOMPRESSED, ['uuid', 'algorithm'], parseHumanSize(uncompressed), uuid, algorithm);
  }
  for (const [type = '', count = ''] of rowsOf(readAttribute(`${path}/errors`), () => false)) {
    table.add(ERRORS, ['uuid', 'error_type'], parseHumanSize(count), uuid, type);
  }
  const isCountHeading = ([first]: readonly string[]) => first === 'nr';
  for (const row of rowsOf(readAttribute(`${path}/btree_write_stats`), isCountHeading)) {
    const [type = '', count = '', size = ''] = row;
    const name = type.replace(/:$/, '');
    table.add(WRITES, ['uuid', 'type'], parseHumanSize(count), uuid, name);
    table.add(WRITE_SIZE, ['uuid', 'type'], parseHumanSize(size), uuid, name);
  }
}

function addCounters(table: SeriesTable, path: string, uuid: string): void {
  for (const name of directoryNames(`${path}/counters`)) {
    const text = readAttribute(`${path}/counters/${name}`) ?? '';
    const value = /^since filesystem creation:\s*(\S+)$/m.exec(text)?.[1];
    const head = counter(
      name.replace(/[^a-zA-Z0-9_:]/g, '_'),
      `Bcachefs counter ${name} since filesystem creation.`,
    );
    if (value !== undefined) table.add(head, ['uuid'], parseHumanSize(value), uuid);
  }
}

function addDevice(table: SeriesTable, path: string, uuid: string, device: string): void {
  const text = (file: string) => readAttribute(`${path}/${file}`) ?? '';
  const infoLabels = ['uuid', 'device', 'label', 'state'] as const;
  table.add(DEVICE_INFO, infoLabels, 1, uuid, device, text('label'), text('state'));
  for (const [file, head] of DEVICE_SIZES) {
    const size = text(file);
    if (size !== '') table.add(head, ['uuid', 'device'], parseHumanSize(size), uuid, device);
  }
  const doneLabels = ['uuid', 'device', 'operation', 'data_type'] as const;
  for (const { section, name, value } of parseSections(text('io_done'))) {
    table.add(IO_DONE, doneLabels, value, uuid, device, section, name);
  }
  for (const { section, name, value } of parseSections(text('io_errors'))) {
    // The other section counts since an administrator began anew.
    if (!section.startsWith('IO errors since filesystem creation')) continue;
    table.add(IO_ERRORS, ['uuid', 'device', 'type'], value, uuid, device, name);
  }
}

export function createBcachefsCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'fs/bcachefs');
  return {
    name: 'bcachefs',
    collect(out) {
      const uuids = directoryNames(base).filter((name) => /^[0-9a-f]+-/.test(name));
      if (uuids.length === 0) throw new NoDataError('no bcachefs filesystem was found');
      const table = new SeriesTable();
      for (const uuid of uuids) {
        const path = join(base, uuid);
        table.add(INFO, ['uuid'], 1, uuid);
        const cacheSize = readAttribute(`${path}/btree_cache_size`);
        if (cacheSize !== null) table.add(CACHE_SIZE, ['uuid'], parseHumanSize(cacheSize), uuid);
        addTables(table, path, uuid);
        addCounters(table, path, uuid);
        for (const name of directoryNames(path).filter((entry) => entry.startsWith('dev-')))
          addDevice(table, join(path, name), uuid, name.slice('dev-'.length));
      }
      table.writeTo(out);
    },
  };
}
