/**
 * Which family a file of `/sys/class/hwmon/hwmon*` belongs to, by its name: `temp1_crit` is the property `crit` of the
 * sensor `temp1`. The units are the kernel's (Documentation/hwmon/sysfs-interface), the families node_exporter's.
 */
import type { FamilyHead } from './series-table.ts';

export interface SensorFile {
  /** `temp` */
  readonly kind: string;
  /** `temp1`; `vrm0` where the file has no number. */
  readonly sensor: string;
  /** `crit`; empty for files such as `pwm1`. */
  readonly property: string;
}

const KINDS = new Set([
  'vrm',
  'beep_enable',
  'update_interval',
  'in',
  'cpu',
  'fan',
  'pwm',
  'temp',
  'curr',
  'power',
  'energy',
  'humidity',
  'intrusion',
  'freq',
]);

const FILE_NAME = /^([^0-9]+)([0-9]*)(?:_(.+))?$/;

/** Null for files that are no sensor's. */
export function parseSensorFile(name: string): SensorFile | null {
  const match = FILE_NAME.exec(name);
  const [, kind = '', id = '', property = ''] = match ?? [];
  if (!KINDS.has(kind)) return null;
  return { kind, sensor: `${kind}${id === '' ? '0' : id}`, property };
}

export interface SensorFamily extends FamilyHead {
  readonly convert: (raw: number) => number;
}

const asIs = (raw: number) => raw;
const milli = (raw: number) => raw * 0.001;
const micro = (raw: number) => raw / 1_000_000;

function gauge(name: string, help: string, convert: (raw: number) => number): SensorFamily {
  return { name: `node_hwmon_${name}`, type: 'gauge', help, convert };
}

/** Those of one file a chip, whose property is part of their name. */
const WHOLE_KINDS: ReadonlyMap<string, SensorFamily> = new Map([
  ['beep_enable', gauge('beep_enabled', 'Hardware beep enabled', (raw) => (raw === 1 ? 1 : 0))],
  ['vrm', gauge('voltage_regulator_version', 'Hardware voltage regulator', asIs)],
  ['update_interval', gauge('update_interval_seconds', 'Hardware monitor update interval', milli)],
]);

/** Those that all kinds share. */
function flagFamily(kind: string, property: string): SensorFamily | null {
  if (property === 'fault') return gauge(`${kind}_fault`, `Hardware sensor fault status (${kind})`, asIs);
  if (property === 'alarm') return gauge(`${kind}_alarm`, `Hardware sensor alarm status (${kind})`, asIs);
  if (property === 'beep')
    return gauge(`${kind}_beep_enabled`, 'Hardware monitor sensor has beeping enabled', asIs);
  return null;
}

/** @param base the kind, then the property unless it is the reading itself. */
function powerFamily(property: string, base: string): SensorFamily {
  if (property === 'accuracy') return gauge(base, 'Hardware monitor power meter accuracy, as a ratio', micro);
  if (/^average_interval(_min|_max)?$/.test(property)) {
    const help = `Hardware monitor power usage update interval (${property})`;
    return gauge(`${base}_seconds`, help, milli);
  }
  return gauge(`${base}_watt`, `Hardware monitor for power usage in watts (${property})`, micro);
}

/**
 * Null for `label`, which is text, and for the frequency, which is told only with a label (FREQUENCY_FAMILY).
 * @param hasBare whether the sensor has a file without a property as well, which then is the one called by the kind.
 */
export function sensorFamily({ kind, property }: SensorFile, hasBare = false): SensorFamily | null {
  if (property === 'label') return null;
  const whole = WHOLE_KINDS.get(kind);
  if (whole !== undefined) return property === '' ? whole : null;
  const flag = flagFamily(kind, property);
  if (flag !== null) return flag;
  const isReading = property === '' || (property === 'input' && !hasBare);
  const base = isReading ? kind : `${kind}_${property}`;
  switch (kind) {
    case 'in':
    case 'cpu':
      return gauge(`${base}_volts`, `Hardware monitor for voltage (${property})`, milli);
    case 'temp':
      if (property === 'type') break;
      return gauge(`${base}_celsius`, `Hardware monitor for temperature (${property || 'input'})`, milli);
    case 'curr':
      return gauge(`${base}_amps`, `Hardware monitor for current (${property})`, milli);
    case 'energy': {
      const help = `Hardware monitor for joules used so far (${property})`;
      return { ...gauge(`${base}_joule_total`, help, micro), type: 'counter' };
    }
    case 'power':
      return powerFamily(property, base);
    case 'humidity': {
      const help =
        'Hardware monitor for humidity, as a ratio (multiply with 100.0 to get the humidity as a percentage)';
      return gauge(base, `${help} (${property})`, micro);
    }
    case 'fan':
      if (!['input', 'min', 'max', 'target'].includes(property)) break;
      return gauge(`${base}_rpm`, `Hardware monitor for fan revolutions per minute (${property})`, asIs);
    case 'freq':
      if (property === 'input') return null;
      break;
    default:
  }
  return gauge(base, `Hardware monitor ${kind} element ${property}`, asIs);
}

/** Of a GPU's clocks, which are told by what their label calls them. */
export const FREQUENCY_FAMILY = gauge('freq_freq_mhz', 'Hardware monitor for GPU frequency in MHz', micro);
