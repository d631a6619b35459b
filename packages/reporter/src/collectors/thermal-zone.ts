/** Thermal zones and what cools them, from `/sys/class/thermal`. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { type Device, directoryNames, readAttribute, writeAttributes } from './sysfs.ts';

const ZONE = 'thermal_zone';
const COOLER = 'cooling_device';

/** Devices of one kind; the number behind their kind is what they are called. */
function devicesOf(base: string, names: readonly string[], kind: string): Device[] {
  return names
    .filter((name) => name.startsWith(kind))
    .map((name) => {
      const path = join(base, name);
      return { path, labels: [name.slice(kind.length), readAttribute(join(path, 'type')) ?? ''] };
    });
}

export function createThermalZoneCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'class/thermal');
  return {
    name: 'thermal_zone',
    collect(out) {
      const names = directoryNames(base);
      const temperature = {
        file: 'temp',
        name: 'node_thermal_zone_temp',
        type: 'gauge',
        help: 'Zone temperature in Celsius',
        convert: (raw: number) => raw / 1000,
      } as const;
      writeAttributes(out, ['zone', 'type'], [temperature], devicesOf(base, names, ZONE));
      const coolingStates = [
        {
          file: 'cur_state',
          name: 'node_cooling_device_cur_state',
          type: 'gauge',
          help: 'Current throttle state of the cooling device',
        },
        {
          file: 'max_state',
          name: 'node_cooling_device_max_state',
          type: 'gauge',
          help: 'Maximum throttle state of the cooling device',
        },
      ] as const;
      writeAttributes(out, ['name', 'type'], coolingStates, devicesOf(base, names, COOLER));
    },
  };
}
