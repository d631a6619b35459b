/** InfiniBand adapters and their ports, from `/sys/class/infiniband`. */
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { INFINIBAND_COUNTERS } from './infiniband-counters.ts';
import { type Device, devicesByName, directoryNames, readAttribute, writeAttributes } from './sysfs.ts';

const INFO_LABELS = ['device', 'board_id', 'firmware_version', 'hca_type'] as const;
const PORT_LABELS = ['device', 'port'] as const;

/** The number before the colon of `4: ACTIVE`. */
export function parseState(text: string | null): number | null {
  const number = /^(\d+):/.exec(text ?? '')?.[1];
  return number === undefined ? null : Number(number);
}

/** Bytes a second of `40 Gb/sec (4X QDR)`. */
export function parseRate(text: string | null): number | null {
  const gigabits = /^(\d+(?:\.\d+)?) Gb\/sec/.exec(text ?? '')?.[1];
  return gigabits === undefined ? null : (Number(gigabits) * 1e9) / 8;
}

const PORT_FAMILIES = [
  {
    name: 'node_infiniband_state_id',
    help: 'State of the InfiniBand port (0: no change, 1: down, 2: init, 3: armed, 4: active, 5: act defer)',
    file: 'state',
    parse: parseState,
  },
  {
    name: 'node_infiniband_physical_state_id',
    help: 'Physical state of the InfiniBand port (0: no change, 1: sleep, 2: polling, 3: disable, 4: shift, 5: link up, 6: link error recover, 7: phytest)',
    file: 'phys_state',
    parse: parseState,
  },
  {
    name: 'node_infiniband_rate_bytes_per_second',
    help: 'Maximum signal transfer rate',
    file: 'rate',
    parse: parseRate,
  },
] as const;

function portsOf({ path, labels }: Device): Device[] {
  return directoryNames(`${path}/ports`).map((port) => ({
    path: `${path}/ports/${port}`,
    labels: [...labels, port],
  }));
}

function write(out: ColumnWriter, adapters: readonly Device[]): void {
  const infoHelp = 'Non-numeric data from /sys/class/infiniband/<device>, value is always 1.';
  out.family('node_infiniband_info', 'gauge', infoHelp, INFO_LABELS);
  for (const { path, labels } of adapters) {
    const text = (file: string) => readAttribute(`${path}/${file}`) ?? '';
    out.add(1, ...labels, text('board_id'), text('fw_ver'), text('hca_type'));
  }
  const ports = adapters.flatMap(portsOf);
  for (const { name, help, file, parse } of PORT_FAMILIES) {
    out.family(name, 'gauge', help, PORT_LABELS);
    for (const { path, labels } of ports) {
      const value = parse(readAttribute(`${path}/${file}`));
      if (value !== null) out.add(value, ...labels);
    }
  }
  writeAttributes(out, PORT_LABELS, INFINIBAND_COUNTERS, ports);
}

export function createInfinibandCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'class/infiniband');
  return {
    name: 'infiniband',
    collect(out) {
      write(out, devicesByName(base));
    },
  };
}
