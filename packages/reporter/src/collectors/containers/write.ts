/** Writes what was read of all containers: family by family, since a family is told once. */
import type { ColumnWriter } from '../collector.ts';
import { FIGURE_FAMILIES, type Figures, IO_FAMILIES, NETWORK_FAMILIES } from './families.ts';
import type { DeviceIo } from './figures.ts';

/** An interface of a container and its counters in the order of `/proc/net/dev`. */
export type Interface = readonly [name: string, counters: readonly number[]];

/** A block device's traffic, with its name. */
export type NamedDeviceIo = DeviceIo & { readonly name: string };

/** What one container has to tell in one tick. */
export interface ContainerRow {
  /** Names and values in turn. */
  readonly labels: readonly string[];
  readonly figures: Figures;
  readonly interfaces: readonly Interface[];
  readonly devices: readonly NamedDeviceIo[];
  /** How many more there are. */
  readonly leftOut: { readonly interfaces: number; readonly devices: number };
}

const DEVICE = 'device';
const MAJOR = 'major';
const MINOR = 'minor';
const OPERATION = 'operation';
const INTERFACE = 'interface';

const FIGURE_SERIES = FIGURE_FAMILIES.reduce((sum, { series }) => sum + series.length, 0);

/** Series that a row comes to, at most. */
export function seriesOf({ interfaces, devices }: ContainerRow): number {
  const io = devices.reduce((sum, { bytes }) => sum + IO_FAMILIES.length + bytes.size, 0);
  return FIGURE_SERIES + interfaces.length * NETWORK_FAMILIES.length + io;
}

export function writeRows(out: ColumnWriter, rows: readonly ContainerRow[]): void {
  for (const { name, type, help, series } of FIGURE_FAMILIES) {
    out.foreignFamily(name, type, help);
    for (const { labels, figures } of rows) {
      for (const { figure, labels: more, onlyWithQuota } of series) {
        const value = figures[figure];
        if (value === null || (onlyWithQuota && figures.cpuQuota === null)) continue;
        out.addForeign(value, '', more.length === 0 ? labels : [...labels, ...more]);
      }
    }
  }
  writeDevices(out, rows);
  writeInterfaces(out, rows);
}

function writeDevices(out: ColumnWriter, rows: readonly ContainerRow[]): void {
  for (const [family, help, kind, operation] of IO_FAMILIES) {
    out.foreignFamily(family, 'counter', help);
    for (const { labels, devices } of rows) {
      for (const device of devices) {
        const value = device[kind].get(operation);
        if (value !== undefined) out.addForeign(value, '', [...labels, DEVICE, device.name]);
      }
    }
  }
  out.foreignFamily('container_blkio_device_usage_total', 'counter', 'Blkio Device bytes usage');
  for (const { labels, devices } of rows) {
    for (const { name, number, bytes } of devices) {
      const [major = '', minor = ''] = number.split(':');
      const device = [...labels, DEVICE, name, MAJOR, major, MINOR, minor];
      for (const [operation, value] of bytes) out.addForeign(value, '', [...device, OPERATION, operation]);
    }
  }
}

function writeInterfaces(out: ColumnWriter, rows: readonly ContainerRow[]): void {
  for (const { name: family, help, column } of NETWORK_FAMILIES) {
    out.foreignFamily(family, 'counter', help);
    for (const { labels, interfaces } of rows) {
      for (const [name, counters] of interfaces) {
        const value = counters[column];
        if (value !== undefined) out.addForeign(value, '', [...labels, INTERFACE, name]);
      }
    }
  }
}

const KINDS = { interfaces: 'interface', devices: 'block' } as const;

/** What was not told, and why. */
export interface LeftOut {
  readonly limit: number;
  readonly series: number;
  readonly cgroup: number;
  readonly process: number;
  readonly labels: number;
  readonly interfaces: number;
  readonly devices: number;
}

export function writeState(out: ColumnWriter, failed: boolean, leftOut: LeftOut): void {
  const errorHelp = '1 if there was an error while getting container metrics, 0 otherwise';
  out.family('container_scrape_error', 'gauge', errorHelp);
  out.add(failed ? 1 : 0);
  out.family(
    'tributary_reporter_containers_left_out',
    'gauge',
    'Running containers that are not told: beyond the limit, beyond the series, without a control group or a process that can be seen.',
    ['reason'],
  );
  for (const reason of ['limit', 'series', 'cgroup', 'process'] as const) out.add(leftOut[reason], reason);
  out.family(
    'tributary_reporter_container_labels_left_out',
    'gauge',
    'Labels of containers that were chosen, but are too many or too long to be told.',
  );
  out.add(leftOut.labels);
  out.family(
    'tributary_reporter_container_devices_left_out',
    'gauge',
    'Network interfaces and block devices of containers that are told, beyond 32 of a kind.',
    ['kind'],
  );
  for (const kind of ['interfaces', 'devices'] as const) out.add(leftOut[kind], KINDS[kind]);
}
