/** The host's clock, its zone, and the clock sources of `/sys`. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { isAbsent, readOptional } from './source.ts';
import { createLocalZone, type Zone } from './time-zone.ts';

const CLOCKSOURCES = 'devices/system/clocksource';

function writeTime(out: ColumnWriter, nowMs: number): void {
  out.family('node_time_seconds', 'gauge', 'System time in seconds since epoch (1970).');
  out.add(nowMs / 1000);
}

/**
 * @param now milliseconds since the epoch.
 * @param zone the zone in force at a time; other than the process's own only in tests.
 */
export function createTimeCollector(
  roots: Roots,
  now: () => number,
  zone: (nowMs: number) => Zone = createLocalZone(),
): Collector {
  const base = join(roots.sys, CLOCKSOURCES);
  let devices: string[] | null = null;
  return {
    name: 'time',
    collect(out) {
      const nowMs = now();
      const { name, offsetSeconds } = zone(nowMs);
      writeTime(out, nowMs);
      out.family('node_time_zone_offset_seconds', 'gauge', 'System time zone offset in seconds.', [
        'time_zone',
      ]);
      out.add(offsetSeconds, name);
      devices ??= clocksourceDevices(base);
      writeClocksources(out, base, devices);
    },
  };
}

/** The numbers behind `clocksource` in the folder's names: as a rule one, 0. */
function clocksourceDevices(base: string): string[] {
  try {
    return readdirSync(base)
      .filter((name) => /^clocksource\d+$/.test(name))
      .map((name) => name.slice('clocksource'.length));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function writeClocksources(out: ColumnWriter, base: string, devices: readonly string[]): void {
  const labels = ['device', 'clocksource'] as const;
  const available = `Available clocksources read from '/sys/${CLOCKSOURCES}'.`;
  out.family('node_time_clocksource_available_info', 'gauge', available, labels);
  for (const device of devices) {
    const names = readOptional(join(base, `clocksource${device}`, 'available_clocksource')) ?? '';
    for (const name of names.split(' ')) if (name !== '') out.add(1, device, name);
  }
  const current = `Current clocksource read from '/sys/${CLOCKSOURCES}'.`;
  out.family('node_time_clocksource_current_info', 'gauge', current, labels);
  for (const device of devices) {
    const name = readOptional(join(base, `clocksource${device}`, 'current_clocksource'));
    if (name !== null && name !== '') out.add(1, device, name);
  }
}
