/** Batteries and mains adapters, from `/sys/class/power_supply`. */
import { join } from 'node:path';
import type { OptionValues } from '@tributary/shared/options';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { patternOption, settingsOf } from './collector-options.ts';
import { type Attribute, type Device, devicesByName, readAttribute, writeAttributes } from './sysfs.ts';

export const POWER_SUPPLY_OPTIONS = {
  'ignored-supplies': patternOption({ help: 'Which power supplies not to tell.', default: '^$' }),
};

const micro = (raw: number) => raw / 1_000_000;
const tenths = (raw: number) => raw / 10;

function attribute(name: string, file: string, convert?: (raw: number) => number): Attribute {
  const help = `${name} value of /sys/class/power_supply/<power_supply>.`;
  const base = { file, name: `node_power_supply_${name}`, type: 'gauge', help } as const;
  return convert === undefined ? base : { ...base, convert };
}

/** Plain numbers, percentages and seconds. */
const PLAIN: readonly Attribute[] = [
  attribute('authentic', 'authentic'),
  attribute('calibrate', 'calibrate'),
  attribute('capacity', 'capacity'),
  attribute('capacity_alert_max', 'capacity_alert_max'),
  attribute('capacity_alert_min', 'capacity_alert_min'),
  attribute('cyclecount', 'cycle_count'),
  attribute('online', 'online'),
  attribute('present', 'present'),
  attribute('time_to_empty_seconds', 'time_to_empty_now'),
  attribute('time_to_full_seconds', 'time_to_full_now'),
];

/** Files that hold millionths of the unit, by the family's name where that is another. */
const MILLIONTHS: readonly Attribute[] = [
  ...[
    'current_boot',
    'current_max',
    'energy_empty',
    'energy_empty_design',
    'energy_full',
    'energy_full_design',
    'voltage_boot',
    'voltage_max',
    'voltage_max_design',
    'voltage_min',
    'voltage_min_design',
    'voltage_ocv',
    'charge_control_limit',
    'charge_control_limit_max',
    'charge_counter',
    'charge_empty',
    'charge_empty_design',
    'charge_full',
    'charge_full_design',
    'charge_term_current',
    'constant_charge_current',
    'constant_charge_current_max',
    'constant_charge_voltage',
    'constant_charge_voltage_max',
    'precharge_current',
    'input_current_limit',
  ].map((name) => attribute(name, name, micro)),
  attribute('current_ampere', 'current_now', micro),
  attribute('energy_watthour', 'energy_now', micro),
  attribute('voltage_volt', 'voltage_now', micro),
  attribute('charge_ampere', 'charge_now', micro),
  attribute('power_watt', 'power_now', micro),
];

const TEMPERATURES: readonly Attribute[] = [
  'temp',
  'temp_alert_max',
  'temp_alert_min',
  'temp_ambient',
  'temp_ambient_alert_max',
  'temp_ambient_alert_min',
  'temp_max',
  'temp_min',
].map((file) => attribute(`${file.replace('ambient_alert', 'ambient')}_celsius`, file, tenths));

const ATTRIBUTES = [...PLAIN, ...MILLIONTHS, ...TEMPERATURES];

const INFO_LABELS = [
  'power_supply',
  'capacity_level',
  'charge_type',
  'health',
  'manufacturer',
  'model_name',
  'scope',
  'serial_number',
  'status',
  'technology',
  'type',
  'usb_type',
] as const;

function write(out: ColumnWriter, supplies: readonly Device[]): void {
  writeAttributes(out, ['power_supply'], ATTRIBUTES, supplies);
  const help = 'info of /sys/class/power_supply/<power_supply>.';
  out.family('node_power_supply_info', 'gauge', help, INFO_LABELS);
  for (const { path, labels } of supplies) {
    out.add(1, ...labels, ...INFO_LABELS.slice(1).map((file) => readAttribute(`${path}/${file}`) ?? ''));
  }
}

export function createPowerSupplyCollector(
  roots: Roots,
  options: OptionValues<typeof POWER_SUPPLY_OPTIONS> = settingsOf('', POWER_SUPPLY_OPTIONS, {}),
): Collector {
  const base = join(roots.sys, 'class/power_supply');
  return {
    name: 'powersupplyclass',
    collect(out) {
      write(out, devicesByName(base, options['ignored-supplies']));
    },
  };
}
