/** node_xfs_* from `/sys/fs/xfs/DEVICE/stats/stats`: counters of each mounted XFS. A host without any tells nothing. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { eachLine, namesIn, numberIn, parseOptional, words } from './source.ts';

interface XfsFamily {
  /** Between `node_xfs_` and `_total`. */
  readonly name: string;
  readonly help: string;
}

/**
 * By the first word of a line, one for each number behind it. Lines that are not here mean nothing to node_exporter.
 * `rw` counts writes first (xs_write_calls, xs_read_calls of the kernel's fs/xfs/xfs_stats.h).
 */
const FAMILIES: Readonly<Record<string, readonly XfsFamily[]>> = {
  extent_alloc: [
    { name: 'extent_allocation_extents_allocated', help: 'Number of extents allocated for a filesystem.' },
    { name: 'extent_allocation_blocks_allocated', help: 'Number of blocks allocated for a filesystem.' },
    { name: 'extent_allocation_extents_freed', help: 'Number of extents freed for a filesystem.' },
    { name: 'extent_allocation_blocks_freed', help: 'Number of blocks freed for a filesystem.' },
  ],
  abt: [
    { name: 'allocation_btree_lookups', help: 'Number of allocation B-tree lookups for a filesystem.' },
    { name: 'allocation_btree_compares', help: 'Number of allocation B-tree compares for a filesystem.' },
    {
      name: 'allocation_btree_records_inserted',
      help: 'Number of allocation B-tree records inserted for a filesystem.',
    },
    {
      name: 'allocation_btree_records_deleted',
      help: 'Number of allocation B-tree records deleted for a filesystem.',
    },
  ],
  blk_map: [
    { name: 'block_mapping_reads', help: 'Number of block map for read operations for a filesystem.' },
    { name: 'block_mapping_writes', help: 'Number of block map for write operations for a filesystem.' },
    { name: 'block_mapping_unmaps', help: 'Number of block unmaps (deletes) for a filesystem.' },
    {
      name: 'block_mapping_extent_list_insertions',
      help: 'Number of extent list insertions for a filesystem.',
    },
    {
      name: 'block_mapping_extent_list_deletions',
      help: 'Number of extent list deletions for a filesystem.',
    },
    { name: 'block_mapping_extent_list_lookups', help: 'Number of extent list lookups for a filesystem.' },
    { name: 'block_mapping_extent_list_compares', help: 'Number of extent list compares for a filesystem.' },
  ],
  bmbt: [
    { name: 'block_map_btree_lookups', help: 'Number of block map B-tree lookups for a filesystem.' },
    { name: 'block_map_btree_compares', help: 'Number of block map B-tree compares for a filesystem.' },
    {
      name: 'block_map_btree_records_inserted',
      help: 'Number of block map B-tree records inserted for a filesystem.',
    },
    {
      name: 'block_map_btree_records_deleted',
      help: 'Number of block map B-tree records deleted for a filesystem.',
    },
  ],
  dir: [
    {
      name: 'directory_operation_lookup',
      help: 'Number of file name directory lookups which miss the operating systems directory name lookup cache.',
    },
    {
      name: 'directory_operation_create',
      help: 'Number of times a new directory entry was created for a filesystem.',
    },
    {
      name: 'directory_operation_remove',
      help: 'Number of times an existing directory entry was created for a filesystem.',
    },
    {
      name: 'directory_operation_getdents',
      help: 'Number of times the directory getdents operation was performed for a filesystem.',
    },
  ],
  ig: [
    {
      name: 'inode_operation_attempts',
      help: 'Number of times the OS looked for an XFS inode in the inode cache.',
    },
    {
      name: 'inode_operation_found',
      help: 'Number of times the OS looked for and found an XFS inode in the inode cache.',
    },
    {
      name: 'inode_operation_recycled',
      help: 'Number of times the OS found an XFS inode in the cache, but could not use it as it was being recycled.',
    },
    {
      name: 'inode_operation_missed',
      help: 'Number of times the OS looked for an XFS inode in the cache, but did not find it.',
    },
    {
      name: 'inode_operation_duplicates',
      help: 'Number of times the OS tried to add a missing XFS inode to the inode cache, but found it had already been added by another process.',
    },
    {
      name: 'inode_operation_reclaims',
      help: 'Number of times the OS reclaimed an XFS inode from the inode cache to free memory for another purpose.',
    },
    {
      name: 'inode_operation_attribute_changes',
      help: 'Number of times the OS explicitly changed the attributes of an XFS inode.',
    },
  ],
  rw: [
    { name: 'write_calls', help: 'Number of write(2) system calls made to files in a filesystem.' },
    { name: 'read_calls', help: 'Number of read(2) system calls made to files in a filesystem.' },
  ],
  vnodes: [
    { name: 'vnode_active', help: 'Number of vnodes not on free lists for a filesystem.' },
    { name: 'vnode_allocate', help: 'Number of times vn_alloc called for a filesystem.' },
    { name: 'vnode_get', help: 'Number of times vn_get called for a filesystem.' },
    { name: 'vnode_hold', help: 'Number of times vn_hold called for a filesystem.' },
    { name: 'vnode_release', help: 'Number of times vn_rele called for a filesystem.' },
    { name: 'vnode_reclaim', help: 'Number of times vn_reclaim called for a filesystem.' },
    { name: 'vnode_remove', help: 'Number of times vn_remove called for a filesystem.' },
  ],
};

/** Line → its numbers. */
export type XfsStats = ReadonlyMap<string, readonly number[]>;

export function parseXfsStats(text: string): XfsStats {
  const stats = new Map<string, number[]>();
  eachLine(text, (line) => {
    const [key = '', ...numbers] = words(line);
    const families = Object.hasOwn(FAMILIES, key) ? FAMILIES[key] : undefined;
    if (families !== undefined)
      stats.set(
        key,
        families.map((_, i) => numberIn(numbers[i], line)),
      );
  });
  return stats;
}

export function createXfsCollector(roots: Roots): Collector {
  const folder = join(roots.sys, 'fs/xfs');
  return {
    name: 'xfs',
    collect(out) {
      const devices: { device: string; stats: XfsStats }[] = [];
      for (const device of namesIn(folder)) {
        // The sums of all devices.
        if (device === 'stats') continue;
        const stats = parseOptional(join(folder, device, 'stats/stats'), parseXfsStats);
        if (stats !== null) devices.push({ device, stats });
      }
      if (devices.length === 0) return;
      for (const [key, families] of Object.entries(FAMILIES)) {
        for (const [i, { name, help }] of families.entries()) {
          out.family(`node_xfs_${name}_total`, 'counter', help, ['device']);
          for (const { device, stats } of devices) out.add(stats.get(key)?.[i] ?? 0, device);
        }
      }
    },
  };
}
