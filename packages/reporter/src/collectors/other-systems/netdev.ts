/**
 * Traffic of network interfaces: from netstat(1) on macOS and the BSDs, from the systeminformation package on Windows.
 *
 * The package is not asked on the BSDs, where it adds the lines of an interface's addresses to that of the interface, nor on
 * macOS, where it starts four programs for each interface and takes dropped output for dropped input.
 */
import type { Collector } from '../collector.ts';
import type { Keep } from '../collector-options.ts';
import type { Reading } from '../latest.ts';
import { networkFamily } from '../netdev.ts';
import { countOf, fieldOf, listOf, textOf } from '../unknown-values.ts';
import type { NetworkCounters } from './netstat-text.ts';
import { createTellOnceCollector } from './tell-once.ts';

export type CountersReader = () => Promise<Reading<NetworkCounters>>;

/** In the order in which they are told. */
const STATISTICS = [
  'receive_bytes',
  'receive_packets',
  'receive_errs',
  'receive_drop',
  'transmit_bytes',
  'transmit_packets',
  'transmit_errs',
  'transmit_drop',
  'transmit_colls',
] as const;

const INTERFACES_MAX = 1_000;

/** The package's fields on Windows (Get-NetAdapterStatistics), which has no packets there. */
const PACKAGE_FIELDS: readonly (readonly [field: string, statistic: (typeof STATISTICS)[number]])[] = [
  ['rx_bytes', 'receive_bytes'],
  ['rx_errors', 'receive_errs'],
  ['rx_dropped', 'receive_drop'],
  ['tx_bytes', 'transmit_bytes'],
  ['tx_errors', 'transmit_errs'],
  ['tx_dropped', 'transmit_drop'],
];

/** What `networkStats` of the package answers. An interface that it found no counters for has zeros, and is left out. */
export function countersOfPackage(value: unknown): NetworkCounters {
  const devices = new Map<string, Map<string, number>>();
  for (const item of listOf(value, INTERFACES_MAX)) {
    const device = textOf(fieldOf(item, 'iface'));
    if (device === '' || devices.has(device)) continue;
    const counters = new Map<string, number>();
    for (const [field, statistic] of PACKAGE_FIELDS) {
      const count = countOf(fieldOf(item, field));
      if (count !== null) counters.set(statistic, count);
    }
    if ([...counters.values()].some((count) => count > 0)) devices.set(device, counters);
  }
  return devices;
}

export function createSystemNetdevCollector(read: CountersReader, keep: Keep): Collector {
  return createTellOnceCollector('netdev', read, (out, devices) => {
    const kept = [...devices].filter(([device]) => keep(device));
    for (const statistic of STATISTICS) {
      networkFamily(out, statistic);
      for (const [device, counters] of kept) {
        const count = counters.get(statistic);
        if (count !== undefined) out.add(count, device);
      }
    }
  });
}
