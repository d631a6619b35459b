/**
 * node_zfs_* from `/proc/spl/kstat/zfs`: the counters of OpenZFS, those of the whole host and those of each pool and
 * dataset. They are untyped, since OpenZFS does not say which are counters.
 */
import { join } from 'node:path';
import { type Collector, type ColumnWriter, NoDataError, type Roots } from './collector.ts';
import { eachLine, FormatError, namesIn, numberIn, parseOptional, words } from './source.ts';

/** File → what stands between `node_` and the counter's name. */
const HOST_FILES: ReadonlyMap<string, string> = new Map([
  ['abdstats', 'zfs_abd'],
  ['arcstats', 'zfs_arc'],
  ['dbufstats', 'zfs_dbuf'],
  ['dmu_tx', 'zfs_dmu_tx'],
  ['dnodestats', 'zfs_dnode'],
  ['fm', 'zfs_fm'],
  ['vdev_cache_stats', 'zfs_vdev_cache'],
  ['vdev_mirror_stats', 'zfs_vdev_mirror'],
  ['xuio_stats', 'zfs_xuio'],
  ['zfetchstats', 'zfs_zfetch'],
  ['zil', 'zfs_zil'],
]);

const POOL_STATES = ['online', 'degraded', 'faulted', 'offline', 'removed', 'unavail', 'suspended'];

/** KSTAT_DATA_INT64, KSTAT_DATA_UINT64 and KSTAT_DATA_STRING of OpenZFS's sys/kstat.h. */
const INT64 = '3';
const UINT64 = '4';
const STRING = '7';

export interface Kstat {
  /** In the file's order. */
  readonly counters: ReadonlyMap<string, number>;
  /** '' unless the file is a dataset's. */
  readonly dataset: string;
}

/** Below a line of headings, a name, a type and a value a line. */
export function parseKstat(text: string): Kstat {
  const counters = new Map<string, number>();
  let dataset = '';
  let started = false;
  eachLine(text, (line) => {
    const [name = '', type, value] = words(line);
    if (!started) started = name === 'name' && type === 'type' && value === 'data';
    else if (type === INT64 || type === UINT64) counters.set(name, numberIn(value, line));
    else if (type === STRING && name === 'dataset_name') dataset = value ?? '';
  });
  if (!started) throw new FormatError('the line "name type data" is missing');
  return { counters, dataset };
}

/** Of a pool's `io`: a line of names, then a line of numbers. */
export function parsePoolIo(text: string): Map<string, number> {
  const counters = new Map<string, number>();
  let names: string[] | null = null;
  eachLine(text, (line) => {
    const row = words(line);
    if (names === null) {
      if (row[0] === 'nread') names = row;
      return;
    }
    for (const [i, name] of names.entries()) counters.set(name, numberIn(row[i], line));
  });
  return counters;
}

interface LabelledCounters {
  readonly labels: readonly string[];
  readonly counters: ReadonlyMap<string, number>;
}

/** A family for each counter that any of `sources` has. */
function writeCounters(
  out: ColumnWriter,
  prefix: string,
  file: string,
  labelNames: readonly ('zpool' | 'dataset')[],
  sources: readonly LabelledCounters[],
): void {
  const names = new Set(sources.flatMap(({ counters }) => [...counters.keys()]));
  for (const name of names) {
    const metric = `node_${prefix}_${name.replaceAll('-', '_')}`;
    out.family(metric, 'untyped', `kstat.zfs.misc.${file}.${name}`, labelNames);
    for (const { labels, counters } of sources) {
      const value = counters.get(name);
      if (value !== undefined) out.add(value, ...labels);
    }
  }
}

function writePools(out: ColumnWriter, folder: string, entries: readonly string[]): void {
  const io: LabelledCounters[] = [];
  const datasets: LabelledCounters[] = [];
  const states: { pool: string; state: string }[] = [];
  for (const pool of entries) {
    if (HOST_FILES.has(pool)) continue;
    for (const file of namesIn(join(folder, pool))) {
      const path = join(folder, pool, file);
      // Each may be gone by now: a pool that is exported takes its files along.
      if (file === 'io') {
        const counters = parseOptional(path, parsePoolIo);
        if (counters !== null) io.push({ labels: [pool], counters });
      } else if (file === 'state') {
        const state = parseOptional(path, (text) => text.toLowerCase());
        if (state !== null) states.push({ pool, state });
      } else if (file.startsWith('objset-')) {
        const kstat = parseOptional(path, parseKstat);
        if (kstat !== null) datasets.push({ labels: [pool, kstat.dataset], counters: kstat.counters });
      }
    }
  }
  writeCounters(out, 'zfs_zpool', 'io', ['zpool'], io);
  writeCounters(out, 'zfs_zpool_dataset', 'objset', ['zpool', 'dataset'], datasets);
  out.family('node_zfs_zpool_state', 'gauge', 'kstat.zfs.misc.state', ['zpool', 'state']);
  for (const { pool, state } of states) {
    for (const known of POOL_STATES) out.add(known === state ? 1 : 0, pool, known);
  }
}

export function createZfsCollector(roots: Roots): Collector {
  const folder = join(roots.proc, 'spl/kstat/zfs');
  return {
    name: 'zfs',
    collect(out) {
      const entries = namesIn(folder);
      if (entries.length === 0) throw new NoDataError('ZFS is not loaded');
      for (const [file, prefix] of HOST_FILES) {
        if (!entries.includes(file)) continue;
        const kstat = parseOptional(join(folder, file), parseKstat);
        if (kstat !== null) writeCounters(out, prefix, file, [], [{ labels: [], counters: kstat.counters }]);
      }
      writePools(out, folder, entries);
    },
  };
}
