/**
 * Block devices cached by others, from `/sys/fs/bcache`: a folder for each set of caches, in it one for each backing
 * device (`bdev0`) and each cache (`cache0`).
 */
import { join } from 'node:path';
import { type OptionValues, switchOption } from '@tributary/shared/options';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { settingsOf } from './collector-options.ts';
import { badLine, parseNumber } from './source.ts';
import { type Device, directoryNames, readAttribute } from './sysfs.ts';

export const BCACHE_OPTIONS = {
  priorityStats: switchOption({
    help: 'Tell how much of each cache is unused; costly, as the kernel counts it on each reading.',
    default: false,
  }),
};

const UNITS = 'kMGTPEZY';

/**
 * A size as the kernel shows it here: `427.5k` are 427 times 1024 bytes, and 5 times 100 more.
 * @throws FormatError
 */
export function parseSize(text: string): number {
  const match = /^(-?)(\d+)(?:\.(\d))?([kMGTPEZY]?)(?:\/sec)?$/.exec(text);
  if (match === null) throw badLine('no size', text);
  const [, sign, whole, tenth = '0', unit = ''] = match;
  const scale = unit === '' ? 1 : 1024 ** (UNITS.indexOf(unit) + 1);
  const bytes = Number(whole) * scale + Number(tenth) * 100 * Math.trunc(scale / 1024);
  return sign === '-' ? -bytes : bytes;
}

/** The value behind `key:` in a file of several lines. */
export function fieldOf(text: string, key: string): string | null {
  for (const line of text.split('\n')) {
    if (line.startsWith(`${key}:`)) return line.slice(key.length + 1).trim();
  }
  return null;
}

interface CacheFamily {
  readonly file: string;
  /** Where the file has several values. */
  readonly field?: string;
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly convert: (text: string) => number;
}

function family(
  file: string,
  name: string,
  help: string,
  convert: (text: string) => number = parseSize,
): CacheFamily {
  return {
    file,
    name: `node_bcache_${name}`,
    type: name.endsWith('_total') ? 'counter' : 'gauge',
    help,
    convert,
  };
}

/** Of a set of caches. */
const SET_FAMILIES: readonly CacheFamily[] = [
  family('average_key_size', 'average_key_size_sectors', 'Average data per key in the btree (sectors).'),
  family('btree_cache_size', 'btree_cache_size_bytes', 'Amount of memory currently used by the btree cache.'),
  family(
    'cache_available_percent',
    'cache_available_percent',
    'Percentage of cache device without dirty data, usable for writeback (may contain clean cached data).',
  ),
  family('congested', 'congested', 'Congestion.'),
  family(
    'root_usage_percent',
    'root_usage_percent',
    'Percentage of the root btree node in use (tree depth increases if too high).',
  ),
  family('tree_depth', 'tree_depth', 'Depth of the btree.'),
  family(
    'internal/active_journal_entries',
    'active_journal_entries',
    'Number of journal entries that are newer than the index.',
  ),
  family('internal/btree_nodes', 'btree_nodes', 'Total nodes in the btree.'),
  family(
    'internal/btree_read_average_duration_us',
    'btree_read_average_duration_seconds',
    'Average btree read duration.',
    // The file says microseconds; node_exporter takes them for nanoseconds, and dashboards are made for what it tells.
    (text) => parseNumber(text) / 1e9,
  ),
  family(
    'internal/cache_read_races',
    'cache_read_races_total',
    'Counts instances where while data was being read from the cache, the bucket was reused and invalidated - i.e. where the pointer was stale after the read completed.',
  ),
];

const rateFamily = (field: string, name: string, help: string): CacheFamily => ({
  ...family('writeback_rate_debug', name, help),
  field,
});

/** Of a backing device. */
const BACKING_FAMILIES: readonly CacheFamily[] = [
  family('dirty_data', 'dirty_data_bytes', 'Amount of dirty data for this backing device in the cache.'),
  rateFamily(
    'target',
    'dirty_target_bytes',
    'Current dirty data target threshold for this backing device in bytes.',
  ),
  rateFamily('rate', 'writeback_rate', 'Current writeback rate for this backing device in bytes.'),
  rateFamily(
    'proportional',
    'writeback_rate_proportional_term',
    'Current result of proportional controller, part of writeback rate',
  ),
  rateFamily(
    'integral',
    'writeback_rate_integral_term',
    'Current result of integral controller, part of writeback rate',
  ),
  rateFamily('change', 'writeback_change', 'Last writeback rate change step for this backing device.'),
  family(
    'stats_total/bypassed',
    'bypassed_bytes_total',
    'Amount of IO (both reads and writes) that has bypassed the cache.',
  ),
  family('stats_total/cache_hits', 'cache_hits_total', 'Hits counted per individual IO as bcache sees them.'),
  family(
    'stats_total/cache_misses',
    'cache_misses_total',
    'Misses counted per individual IO as bcache sees them.',
  ),
  family(
    'stats_total/cache_bypass_hits',
    'cache_bypass_hits_total',
    'Hits for IO intended to skip the cache.',
  ),
  family(
    'stats_total/cache_bypass_misses',
    'cache_bypass_misses_total',
    'Misses for IO intended to skip the cache.',
  ),
  family(
    'stats_total/cache_miss_collisions',
    'cache_miss_collisions_total',
    'Instances where data insertion from cache miss raced with write (data already present).',
  ),
];

/** Of a cache. */
const CACHE_FAMILIES: readonly CacheFamily[] = [
  family('io_errors', 'io_errors', 'Number of errors that have occurred, decayed by io_error_halflife.'),
  family(
    'metadata_written',
    'metadata_written_bytes_total',
    'Sum of all non data writes (btree writes and all other metadata).',
  ),
  family('written', 'written_bytes_total', 'Sum of all data that has been written to the cache.'),
];

const percent = (text: string) => parseNumber(text.replace('%', ''));

const PRIORITY_FAMILIES: readonly CacheFamily[] = [
  {
    ...family(
      'priority_stats',
      'priority_stats_unused_percent',
      "The percentage of the cache that doesn't contain any data.",
      percent,
    ),
    field: 'Unused',
  },
  {
    ...family('priority_stats', 'priority_stats_metadata_percent', "Bcache's metadata overhead.", percent),
    field: 'Metadata',
  },
];

function write(
  out: ColumnWriter,
  families: readonly CacheFamily[],
  labelNames: readonly string[],
  devices: readonly Device[],
): void {
  const texts = new Map<string, string | null>();
  const textOf = (path: string) => {
    if (!texts.has(path)) texts.set(path, readAttribute(path));
    return texts.get(path) ?? null;
  };
  for (const { file, field, name, type, help, convert } of devices.length === 0 ? [] : families) {
    out.family(name, type, help, labelNames);
    for (const { path, labels } of devices) {
      const whole = textOf(`${path}/${file}`);
      const text = whole === null || field === undefined ? whole : fieldOf(whole, field);
      if (text !== null && text !== '') out.add(convert(text), ...labels);
    }
  }
}

function membersOf({ path, labels }: Device, pattern: RegExp): Device[] {
  return directoryNames(path)
    .filter((name) => pattern.test(name))
    .map((name) => ({ path: `${path}/${name}`, labels: [name, ...labels] }));
}

export function createBcacheCollector(
  roots: Roots,
  options: OptionValues<typeof BCACHE_OPTIONS> = settingsOf('bcache', BCACHE_OPTIONS, {}),
): Collector {
  const base = join(roots.sys, 'fs/bcache');
  return {
    name: 'bcache',
    collect(out) {
      const names = directoryNames(base).filter((name) => /^[0-9a-f]+-/.test(name));
      const sets = names.map((name) => ({ path: `${base}/${name}`, labels: [name] }));
      write(out, SET_FAMILIES, ['uuid'], sets);
      const backing = sets.flatMap((set) => membersOf(set, /^bdev\d+$/));
      write(out, BACKING_FAMILIES, ['backing_device', 'uuid'], backing);
      const caches = sets.flatMap((set) => membersOf(set, /^cache\d+$/));
      const families = options.priorityStats ? [...CACHE_FAMILIES, ...PRIORITY_FAMILIES] : CACHE_FAMILIES;
      write(out, families, ['cache_device', 'uuid'], caches);
    },
  };
}
