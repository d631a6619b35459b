/** node_zoneinfo_* from `/proc/zoneinfo`: pages of each zone of memory. Off by default, as in node_exporter. */
import { join } from 'node:path';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, Roots } from './collector.ts';
import { badLine, eachLine, FormatError, numberIn, parseFile, words } from './source.ts';

interface ZoneFamily {
  /** The first word of the line. */
  readonly key: string;
  /** Behind `node_zoneinfo_`. */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
}

/** Those that stand below "per-node stats" are told for the node's first zone only, where the file has them. */
const FAMILIES: readonly ZoneFamily[] = [
  {
    key: 'nr_free_pages',
    name: 'nr_free_pages',
    type: 'gauge',
    help: 'Total number of free pages in the zone',
  },
  { key: 'min', name: 'min_pages', type: 'gauge', help: 'Zone watermark pages_min' },
  { key: 'low', name: 'low_pages', type: 'gauge', help: 'Zone watermark pages_low' },
  { key: 'high', name: 'high_pages', type: 'gauge', help: 'Zone watermark pages_high' },
  { key: 'scanned', name: 'scanned_pages', type: 'gauge', help: 'Pages scanned since last reclaim' },
  {
    key: 'spanned',
    name: 'spanned_pages',
    type: 'gauge',
    help: 'Total pages spanned by the zone, including holes',
  },
  { key: 'present', name: 'present_pages', type: 'gauge', help: 'Physical pages existing within the zone' },
  { key: 'managed', name: 'managed_pages', type: 'gauge', help: 'Present pages managed by the buddy system' },
  {
    key: 'nr_active_anon',
    name: 'nr_active_anon_pages',
    type: 'gauge',
    help: 'Number of anonymous pages recently more used',
  },
  {
    key: 'nr_inactive_anon',
    name: 'nr_inactive_anon_pages',
    type: 'gauge',
    help: 'Number of anonymous pages recently less used',
  },
  {
    key: 'nr_isolated_anon',
    name: 'nr_isolated_anon_pages',
    type: 'gauge',
    help: 'Temporary isolated pages from anon lru',
  },
  {
    key: 'nr_anon_pages',
    name: 'nr_anon_pages',
    type: 'gauge',
    help: 'Number of anonymous pages currently used by the system',
  },
  {
    key: 'nr_anon_transparent_hugepages',
    name: 'nr_anon_transparent_hugepages',
    type: 'gauge',
    help: 'Number of anonymous transparent huge pages currently used by the system',
  },
  {
    key: 'nr_active_file',
    name: 'nr_active_file_pages',
    type: 'gauge',
    help: 'Number of active pages with file-backing',
  },
  {
    key: 'nr_inactive_file',
    name: 'nr_inactive_file_pages',
    type: 'gauge',
    help: 'Number of inactive pages with file-backing',
  },
  {
    key: 'nr_isolated_file',
    name: 'nr_isolated_file_pages',
    type: 'gauge',
    help: 'Temporary isolated pages from file lru',
  },
  { key: 'nr_file_pages', name: 'nr_file_pages', type: 'gauge', help: 'Number of file pages' },
  {
    key: 'nr_slab_reclaimable',
    name: 'nr_slab_reclaimable_pages',
    type: 'gauge',
    help: 'Number of reclaimable slab pages',
  },
  {
    key: 'nr_slab_unreclaimable',
    name: 'nr_slab_unreclaimable_pages',
    type: 'gauge',
    help: 'Number of unreclaimable slab pages',
  },
  {
    key: 'nr_mlock_stack',
    name: 'nr_mlock_stack_pages',
    type: 'gauge',
    help: 'mlock()ed pages found and moved off LRU',
  },
  { key: 'nr_kernel_stack', name: 'nr_kernel_stacks', type: 'gauge', help: 'Number of kernel stacks' },
  { key: 'nr_mapped', name: 'nr_mapped_pages', type: 'gauge', help: 'Number of mapped pages' },
  { key: 'nr_dirty', name: 'nr_dirty_pages', type: 'gauge', help: 'Number of dirty pages' },
  { key: 'nr_writeback', name: 'nr_writeback_pages', type: 'gauge', help: 'Number of writeback pages' },
  { key: 'nr_unevictable', name: 'nr_unevictable_pages', type: 'gauge', help: 'Number of unevictable pages' },
  {
    key: 'nr_shmem',
    name: 'nr_shmem_pages',
    type: 'gauge',
    help: 'Number of shmem pages (included tmpfs/GEM pages)',
  },
  { key: 'nr_dirtied', name: 'nr_dirtied_total', type: 'counter', help: 'Page dirtyings since bootup' },
  { key: 'nr_written', name: 'nr_written_total', type: 'counter', help: 'Page writings since bootup' },
  { key: 'numa_hit', name: 'numa_hit_total', type: 'counter', help: 'Allocated in intended node' },
  { key: 'numa_miss', name: 'numa_miss_total', type: 'counter', help: 'Allocated in non intended node' },
  {
    key: 'numa_foreign',
    name: 'numa_foreign_total',
    type: 'counter',
    help: 'Was intended here, hit elsewhere',
  },
  {
    key: 'numa_interleave',
    name: 'numa_interleave_total',
    type: 'counter',
    help: 'Interleaver preferred this zone',
  },
  { key: 'numa_local', name: 'numa_local_total', type: 'counter', help: 'Allocation from local node' },
  { key: 'numa_other', name: 'numa_other_total', type: 'counter', help: 'Allocation from other node' },
];

const KEYS: ReadonlySet<string> = new Set(FAMILIES.map(({ key }) => key));

export interface Zone {
  readonly node: string;
  readonly zone: string;
  readonly values: ReadonlyMap<string, number>;
  readonly protection: readonly number[];
}

export function parseZoneinfo(text: string): Zone[] {
  const zones: (Zone & { values: Map<string, number>; protection: number[] })[] = [];
  eachLine(text, (line) => {
    const [key = '', value, third, fourth] = words(line);
    if (key === 'Node') {
      if (value === undefined || third !== 'zone' || fourth === undefined)
        throw badLine('expected "Node N, zone NAME"', line);
      zones.push({ node: value.replace(',', ''), zone: fourth, values: new Map(), protection: [] });
      return;
    }
    const present = zones.at(-1);
    if (present === undefined) throw badLine('expected "Node N, zone NAME"', line);
    if (key === 'protection:') {
      const list = line.slice(line.indexOf('(') + 1, line.lastIndexOf(')'));
      for (const number of list.split(',')) present.protection.push(numberIn(number.trim(), line));
    } else if (KEYS.has(key)) {
      present.values.set(key, numberIn(value, line));
    }
  });
  if (zones.length === 0) throw new FormatError('no zone was found');
  return zones;
}

export function createZoneinfoCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'zoneinfo');
  return {
    name: 'zoneinfo',
    collect(out) {
      const zones = parseFile(path, parseZoneinfo);
      for (const { key, name, type, help } of FAMILIES) {
        out.family(`node_zoneinfo_${name}`, type, help, ['node', 'zone']);
        for (const { node, zone, values } of zones) {
          const value = values.get(key);
          if (value !== undefined) out.add(value, node, zone);
        }
      }
      const longest = Math.max(...zones.map(({ protection }) => protection.length));
      for (let i = 0; i < longest; i++) {
        const help = `Protection array ${i}. field`;
        out.family(`node_zoneinfo_protection_${i}`, 'gauge', help, ['node', 'zone']);
        for (const { node, zone, protection } of zones) {
          const value = protection[i];
          if (value !== undefined) out.add(value, node, zone);
        }
      }
    },
  };
}
