/** node_buddyinfo_blocks from `/proc/buddyinfo`: free blocks of memory by size. Off by default, as in node_exporter. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { badLine, eachLine, numberIn, parseFile, words } from './source.ts';

export interface BuddyZone {
  readonly node: string;
  readonly zone: string;
  /** How many blocks of 2^i pages are free. */
  readonly blocks: readonly number[];
}

/** Lines such as `Node 0, zone      DMA      0      1      3`. */
export function parseBuddyinfo(text: string): BuddyZone[] {
  const zones: BuddyZone[] = [];
  eachLine(text, (line) => {
    const [head, node = '', word, zone, ...counts] = words(line);
    if (head !== 'Node' || word !== 'zone' || zone === undefined)
      throw badLine('expected "Node N, zone NAME …"', line);
    const blocks = counts.map((count) => numberIn(count, line));
    zones.push({ node: node.replace(',', ''), zone, blocks });
  });
  return zones;
}

export function createBuddyinfoCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'buddyinfo');
  return {
    name: 'buddyinfo',
    collect(out) {
      const help = 'Count of free blocks according to size.';
      out.family('node_buddyinfo_blocks', 'gauge', help, ['node', 'zone', 'size']);
      for (const { node, zone, blocks } of parseFile(path, parseBuddyinfo)) {
        for (const [size, count] of blocks.entries()) out.add(count, node, zone, `${size}`);
      }
    },
  };
}
