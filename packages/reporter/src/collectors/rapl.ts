/**
 * Energy that the processor has used, from `/sys/class/powercap`. The counters are readable for root only since a way was
 * found to guess secrets from them, so for others this has no data.
 */
import { join } from 'node:path';
import { type OptionValues, switchOption } from '@tributary/shared/options';
import { type Collector, NoDataError, type Roots } from './collector.ts';
import { settingsOf } from './collector-options.ts';
import { SeriesTable } from './series-table.ts';
import { deviceNames, readAttribute, readNumber } from './sysfs.ts';

export const RAPL_OPTIONS = {
  'enable-zone-label': switchOption({
    help: 'Tell all zones in one family with a label, not a family each.',
    default: false,
  }),
};

export interface RaplZone {
  /** `package` */
  readonly name: string;
  /** The number in the zone's name, else how many of the same name came before it. */
  readonly index: string;
  readonly path: string;
}

/** @param named the zones' folders and names, in order. */
export function toZones(named: readonly (readonly [path: string, name: string])[]): RaplZone[] {
  const counts = new Map<string, number>();
  return named.map(([path, text]) => {
    const match = /^(.+)-(\d+)$/.exec(text);
    if (match !== null) return { name: match[1] ?? '', index: match[2] ?? '', path };
    const index = counts.get(text) ?? 0;
    counts.set(text, index + 1);
    return { name: text, index: String(index), path };
  });
}

function findZones(base: string): RaplZone[] {
  const zones: [string, string][] = [];
  for (const name of deviceNames(base)) {
    // `intel-rapl` without a number is what the zones belong to, and others than rapl limit power but count nothing.
    if (!/rapl.*:/.test(name)) continue;
    const text = readAttribute(`${base}/${name}/name`);
    if (text !== null) zones.push([`${base}/${name}`, text]);
  }
  return toZones(zones);
}

function familyName(zone: string): string {
  return `node_rapl_${zone.replace(/[^a-zA-Z0-9_:]/g, '_')}_joules_total`;
}

export function createRaplCollector(
  roots: Roots,
  options: OptionValues<typeof RAPL_OPTIONS> = settingsOf('rapl', RAPL_OPTIONS, {}),
): Collector {
  const base = join(roots.sys, 'class/powercap');
  return {
    name: 'rapl',
    collect(out) {
      const table = new SeriesTable();
      for (const { name, index, path } of findZones(base)) {
        const microjoules = readNumber(`${path}/energy_uj`);
        if (microjoules === null) throw new NoDataError(`${path}/energy_uj may not be read`);
        const joules = microjoules / 1_000_000;
        if (options['enable-zone-label']) {
          const help = 'Current RAPL value in joules';
          const head = { name: 'node_rapl_joules_total', type: 'counter', help } as const;
          table.add(head, ['index', 'path', 'rapl_zone'], joules, index, path, name);
        } else {
          const help = `Current RAPL ${name} value in joules`;
          const head = { name: familyName(name), type: 'counter', help } as const;
          table.add(head, ['index', 'path'], joules, index, path);
        }
      }
      table.writeTo(out);
    },
  };
}
