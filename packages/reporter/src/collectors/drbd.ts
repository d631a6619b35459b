/** node_drbd_* from `/proc/drbd`: devices mirrored over the network. Off by default, as in node_exporter. */
import { join } from 'node:path';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { badLine, eachLine, numberIn, parseOrNoData, words } from './source.ts';

interface DrbdFamily {
  readonly key: string;
  readonly name: string;
  readonly type: MetricType;
  readonly factor: number;
  readonly help: string;
}

const KIB = 1024;

/** `nr` is in KiB as well, but node_exporter tells it as it is, and a series of its name must not mean another thing. */
const FAMILIES: readonly DrbdFamily[] = [
  {
    key: 'ns',
    name: 'network_sent_bytes_total',
    type: 'counter',
    factor: KIB,
    help: 'Total number of bytes sent via the network.',
  },
  {
    key: 'nr',
    name: 'network_received_bytes_total',
    type: 'counter',
    factor: 1,
    help: 'Total number of bytes received via the network.',
  },
  {
    key: 'dw',
    name: 'disk_written_bytes_total',
    type: 'counter',
    factor: KIB,
    help: 'Net data written on local hard disk; in bytes.',
  },
  {
    key: 'dr',
    name: 'disk_read_bytes_total',
    type: 'counter',
    factor: KIB,
    help: 'Net data read from local hard disk; in bytes.',
  },
  {
    key: 'al',
    name: 'activitylog_writes_total',
    type: 'counter',
    factor: 1,
    help: 'Number of updates of the activity log area of the meta data.',
  },
  {
    key: 'bm',
    name: 'bitmap_writes_total',
    type: 'counter',
    factor: 1,
    help: 'Number of updates of the bitmap area of the meta data.',
  },
  {
    key: 'lo',
    name: 'local_pending',
    type: 'gauge',
    factor: 1,
    help: 'Number of open requests to the local I/O sub-system.',
  },
  {
    key: 'pe',
    name: 'remote_pending',
    type: 'gauge',
    factor: 1,
    help: 'Number of requests sent to the peer, but that have not yet been answered by the latter.',
  },
  {
    key: 'ua',
    name: 'remote_unacknowledged',
    type: 'gauge',
    factor: 1,
    help: 'Number of requests received by the peer via the network connection, but that have not yet been answered.',
  },
  {
    key: 'ap',
    name: 'application_pending',
    type: 'gauge',
    factor: 1,
    help: 'Number of block I/O requests forwarded to DRBD, but not yet answered by DRBD.',
  },
  { key: 'ep', name: 'epochs', type: 'gauge', factor: 1, help: 'Number of Epochs currently on the fly.' },
  {
    key: 'oos',
    name: 'out_of_sync_bytes',
    type: 'gauge',
    factor: KIB,
    help: 'Amount of data known to be out of sync; in bytes.',
  },
];

/** Pairs of this node's state and the peer's. */
const PAIRS = [
  {
    key: 'ro',
    name: 'node_role_is_primary',
    good: 'Primary',
    help: 'Whether the role of the node is in the primary state.',
  },
  {
    key: 'ds',
    name: 'disk_state_is_up_to_date',
    good: 'UpToDate',
    help: 'Whether the disk of the node is up to date.',
  },
] as const;

export interface DrbdDevice {
  readonly device: string;
  /** `ns` → `17324442`. */
  readonly fields: ReadonlyMap<string, string>;
}

/** A device begins with `N:`; it and the lines below hold `key:value` among other words. */
export function parseDrbd(text: string): DrbdDevice[] {
  const devices: { device: string; fields: Map<string, string> }[] = [];
  eachLine(text, (line) => {
    for (const word of words(line)) {
      const [key = '', value, more] = word.split(':');
      if (value === undefined || more !== undefined) continue;
      if (value === '' && /^\d+$/.test(key)) devices.push({ device: `drbd${key}`, fields: new Map() });
      else devices.at(-1)?.fields.set(key, value);
    }
  });
  return devices;
}

function writeNumbers(out: ColumnWriter, devices: readonly DrbdDevice[]): void {
  for (const { key, name, type, factor, help } of FAMILIES) {
    out.family(`node_drbd_${name}`, type, help, ['device']);
    for (const { device, fields } of devices) {
      const word = fields.get(key);
      if (word !== undefined) out.add(numberIn(word, `${key}:${word}`) * factor, device);
    }
  }
}

function writePairs(out: ColumnWriter, devices: readonly DrbdDevice[]): void {
  for (const { key, name, good, help } of PAIRS) {
    out.family(`node_drbd_${name}`, 'gauge', help, ['device', 'node']);
    for (const { device, fields } of devices) {
      const word = fields.get(key);
      if (word === undefined) continue;
      const [local, remote] = word.split('/');
      if (remote === undefined) throw badLine('expected local/remote', `${key}:${word}`);
      out.add(local === good ? 1 : 0, device, 'local');
      out.add(remote === good ? 1 : 0, device, 'remote');
    }
  }
}

export function createDrbdCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'drbd');
  return {
    name: 'drbd',
    collect(out) {
      const devices = parseOrNoData(path, parseDrbd);
      writeNumbers(out, devices);
      writePairs(out, devices);
      out.family('node_drbd_connected', 'gauge', 'Whether DRBD is connected to the peer.', ['device']);
      for (const { device, fields } of devices) {
        const state = fields.get('cs');
        if (state !== undefined) out.add(state === 'Connected' ? 1 : 0, device);
      }
    },
  };
}
