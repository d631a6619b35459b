/**
 * node_network_*_total from `/proc/net/dev`, and receive_nohandler from `/sys/class/net`.
 *
 * node_exporter asks netlink by default and folds its finer counters into the names of `/proc/net/dev`; the kernel
 * does the same folding for that file, so the values are equal. Only receive_nohandler is not in the file.
 */
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { filterOptions, type Keep } from './collector-options.ts';
import {
  badLine,
  eachLine,
  FormatError,
  numberIn,
  parseFile,
  parseNumber,
  parseOptional,
  words,
} from './source.ts';

/** In the order of the file's columns. */
const STATISTICS = [
  'receive_bytes',
  'receive_packets',
  'receive_errs',
  'receive_drop',
  'receive_fifo',
  'receive_frame',
  'receive_compressed',
  'receive_multicast',
  'transmit_bytes',
  'transmit_packets',
  'transmit_errs',
  'transmit_drop',
  'transmit_fifo',
  'transmit_colls',
  'transmit_carrier',
  'transmit_compressed',
] as const;

/** Device → counters in the order of STATISTICS. */
export type DeviceCounters = Map<string, number[]>;

export function parseNetDev(text: string): DeviceCounters {
  const devices: DeviceCounters = new Map();
  eachLine(text, (line) => {
    // Two lines of headings, which are the only ones with a bar.
    if (line.includes('|')) return;
    // The last colon, because an alias is named like eth0:1; a number may follow it without a space.
    const colon = line.lastIndexOf(':');
    const device = line.slice(0, Math.max(colon, 0)).trim();
    if (device === '') throw badLine('expected "device: counters"', line);
    const fields = words(line.slice(colon + 1));
    if (fields.length < STATISTICS.length) throw badLine('too few fields', line);
    devices.set(
      device,
      STATISTICS.map((_, i) => numberIn(fields[i], line)),
    );
  });
  if (devices.size === 0) throw new FormatError('no network device was found');
  return devices;
}

/** Also written on other systems, which know fewer statistics. */
export function networkFamily(out: ColumnWriter, statistic: string): void {
  const help = `Network device statistic ${statistic}.`;
  out.family(`node_network_${statistic}_total`, 'counter', help, ['device']);
}

export const NETDEV_OPTIONS = filterOptions('device', 'network devices');

export function createNetdevCollector(roots: Roots, keep: Keep = () => true): Collector {
  const path = join(roots.proc, 'net/dev');
  const nohandlerPath = (device: string) => join(roots.sys, 'class/net', device, 'statistics/rx_nohandler');
  return {
    name: 'netdev',
    collect(out) {
      const devices = parseFile(path, parseNetDev);
      for (const device of devices.keys()) if (!keep(device)) devices.delete(device);
      for (const [i, statistic] of STATISTICS.entries()) {
        networkFamily(out, statistic);
        for (const [device, counters] of devices) out.add(counters[i] ?? null, device);
      }
      networkFamily(out, 'receive_nohandler');
      for (const device of devices.keys()) {
        const count = parseOptional(nohandlerPath(device), parseNumber);
        if (count !== null) out.add(count, device);
      }
    },
  };
}
