/**
 * node_arp_entries from `/proc/net/arp`: neighbours of IPv4, per device.
 *
 * node_exporter asks netlink by default and leaves out entries that need no ARP; the kernel leaves the same out of this
 * file.
 */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { filterOptions, type Keep } from './collector-options.ts';
import { badLine, eachLine, parseFile, words } from './source.ts';

export const ARP_OPTIONS = filterOptions('device', 'network devices');

/** Device → entries. */
export function parseArp(text: string): Map<string, number> {
  const entries = new Map<string, number>();
  eachLine(text, (line) => {
    if (line.startsWith('IP address')) return;
    const columns = words(line);
    const device = columns[5];
    if (device === undefined) throw badLine('too few fields', line);
    entries.set(device, (entries.get(device) ?? 0) + 1);
  });
  return entries;
}

export function createArpCollector(roots: Roots, keep: Keep = () => true): Collector {
  const path = join(roots.proc, 'net/arp');
  return {
    name: 'arp',
    collect(out) {
      out.family('node_arp_entries', 'gauge', 'ARP entries by device', ['device']);
      for (const [device, count] of parseFile(path, parseArp)) if (keep(device)) out.add(count, device);
    },
  };
}
