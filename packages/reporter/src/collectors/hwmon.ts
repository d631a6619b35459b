/**
 * Temperatures, fans, voltages and the like, from `/sys/class/hwmon`.
 *
 * A chip is called by where it is (`platform_coretemp_0`), because its own name need not be unique; the name is in
 * node_hwmon_chip_names. What a chip is called and its sensors' labels are kept while it stays the same device: the
 * drivers fix them when they load. Readings can take a moment, as some chips sit behind a slow bus.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { OptionValues } from '@tributary/shared/options';
import type { Collector, Roots } from './collector.ts';
import { filterOptions, keepBy, settingsOf } from './collector-options.ts';
import { FREQUENCY_FAMILY, parseSensorFile, type SensorFile, sensorFamily } from './hwmon-families.ts';
import { SeriesTable } from './series-table.ts';
import { deviceNames, directoryNames, isRefusal, linkTarget, readAttribute, readText } from './sysfs.ts';

export const HWMON_OPTIONS = {
  ...filterOptions('chip', 'chips'),
  ...filterOptions('sensor', 'sensors, each written CHIP;SENSOR,'),
};

interface SensorPath extends SensorFile {
  readonly path: string;
}

interface Chip {
  /** Where its links lead: another device may take the same number later. */
  readonly links: string;
  readonly name: string;
  readonly humanName: string;
  readonly labels: Map<string, string>;
}

/** A name as the value of `chip`: lower case, with nothing but letters, digits, colons and underscores. */
export function cleanName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, '_')
    .replace(/^_+|_+$/g, '');
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** By its device's bus and address, else by its own name, else by its number. */
function chipName(directory: string, device: string | null): string {
  if (device !== null) {
    const bus = cleanName(basename(dirname(device)));
    const address = cleanName(basename(device));
    if (bus !== '' && address !== '') return `${bus}_${address}`;
    if (address !== '') return address;
  }
  const name = cleanName(readAttribute(join(directory, 'name')) ?? '');
  return name === '' ? cleanName(basename(realPath(directory) ?? directory)) : name;
}

function linksOf(directory: string): string {
  return `${linkTarget(directory)}\0${linkTarget(`${directory}/device`)}`;
}

function readChip(directory: string, links: string): Chip {
  return {
    links,
    name: chipName(directory, realPath(join(directory, 'device'))),
    humanName: cleanName(readAttribute(join(directory, 'name')) ?? ''),
    labels: new Map(),
  };
}

/** Some drivers have their sensors in the chip's own folder, older ones in the device's. */
function findSensors(directory: string): SensorPath[] {
  const found = new Map<string, SensorPath>();
  for (const folder of [directory, join(directory, 'device')]) {
    for (const name of directoryNames(folder)) {
      const file = parseSensorFile(name);
      if (file !== null) found.set(`${file.sensor}_${file.property}`, { ...file, path: `${folder}/${name}` });
    }
  }
  return [...found.values()];
}

const SENSOR_LABELS = ['chip', 'sensor'] as const;

const LABEL_FAMILY = {
  name: 'node_hwmon_sensor_label',
  type: 'gauge',
  help: 'Label for given chip and sensor',
} as const;

const NAME_FAMILY = {
  name: 'node_hwmon_chip_names',
  type: 'gauge',
  help: 'Annotation metric for human-readable chip names',
} as const;

function readLabels(chip: Chip, sensors: readonly SensorPath[]): void {
  for (const { sensor, property, path } of sensors) {
    if (property !== 'label' || chip.labels.has(sensor)) continue;
    const label = readText(path);
    // Without the end of the line only: some drivers pad their labels, and node_exporter tells them so.
    if (label !== null) chip.labels.set(sensor, label.replace(/\n+$/, ''));
  }
}

/** A value that is no number, or that the chip does not give, costs that value alone. */
function readReading(path: string): number | null {
  const text = readAttribute(path);
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? null : value;
}

function addChip(table: SeriesTable, chip: Chip, sensors: readonly SensorPath[]): void {
  if (chip.humanName !== '') table.add(NAME_FAMILY, ['chip', 'chip_name'], 1, chip.name, chip.humanName);
  const bare = new Set(sensors.filter(({ property }) => property === '').map(({ sensor }) => sensor));
  for (const file of sensors) {
    const label = chip.labels.get(file.sensor);
    if (file.property === 'label' && label !== undefined)
      table.add(LABEL_FAMILY, ['chip', 'label', 'sensor'], 1, chip.name, label, file.sensor);
    const isFrequency = file.kind === 'freq' && file.property === 'input' && label !== undefined;
    const family = isFrequency ? FREQUENCY_FAMILY : sensorFamily(file, bare.has(file.sensor));
    if (family === null) continue;
    const raw = readReading(file.path);
    const sensor = isFrequency ? cleanName(label) : file.sensor;
    if (raw !== null) table.add(family, SENSOR_LABELS, family.convert(raw), chip.name, sensor);
  }
}

export function createHwmonCollector(
  roots: Roots,
  options: OptionValues<typeof HWMON_OPTIONS> = settingsOf('hwmon', HWMON_OPTIONS, {}),
): Collector {
  const keepChip = keepBy(HWMON_OPTIONS, options, 'chip');
  const keepSensor = keepBy(HWMON_OPTIONS, options, 'sensor');
  const base = join(roots.sys, 'class/hwmon');
  let chips: ReadonlyMap<string, Chip> = new Map();
  const chipOf = (name: string): Chip => {
    const directory = join(base, name);
    const known = chips.get(name);
    const links = linksOf(directory);
    return known?.links === links ? known : readChip(directory, links);
  };
  return {
    name: 'hwmon',
    collect(out) {
      const names = deviceNames(base);
      chips = new Map(names.map((name) => [name, chipOf(name)]));
      const table = new SeriesTable();
      for (const [name, chip] of chips) {
        if (!keepChip(chip.name)) continue;
        const sensors = findSensors(join(base, name)).filter(({ sensor }) =>
          keepSensor(`${chip.name};${sensor}`),
        );
        readLabels(chip, sensors);
        addChip(table, chip, sensors);
      }
      table.writeTo(out);
    },
  };
}
