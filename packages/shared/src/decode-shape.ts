/**
 * Decodes a shape from untrusted JSON. Structure is checked here, and counts, so that nothing large is built in vain.
 * Names, labels and uniqueness are judged at admission, where the host and its other labels are known.
 *
 * Whatever the text of a name, a suffix, a help or a label is, it is never a `BAD_FRAME`: a target that shows something
 * odd is a fault of its shape, and must not cost its host the connection.
 */
import type { Fault } from './errors.ts';
import { describe, type JsonObject, readArray, readObject, readString } from './fields.ts';
import { FAMILIES_PER_SHAPE_MAX, HELP_CHARS_MAX, LABELS_MAX } from './limits.ts';
import { quote } from './names.ts';
import { type Family, type Labels, METRIC_TYPES, type MetricType, type Series, type Shape } from './shape.ts';

type DecodedShape = { shape: Shape; fault: null } | { shape: null; fault: Fault };

/** For arrays that no rule of their own bounds; the frame does. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/**
 * @param fields the frame's or the stored body's object.
 * @throws RefuseError `BAD_FRAME` when the structure is wrong. What stands behind the first fault is not looked at
 *   closely, and may pass with a wrong structure.
 * @returns the shape, or the fault for which every group of it is rejected.
 */
export function decodeShape(fields: JsonObject, seriesMax: number): DecodedShape {
  const labels = decodeLabels(fields['labels'] ?? {}, 'shape.labels');
  const items = readArray(fields['families'], 'shape.families', UNBOUNDED);
  const families: Family[] = [];
  let fault = faultOfCounts(labels, items.length);
  let count = 0;
  for (let i = 0; i < items.length && fault === null; i++) {
    const what = `families[${i}]`;
    const item = readObject(items[i], what);
    const name = readString(item['name'], `${what}.name`);
    const type = readString(item['type'] ?? 'untyped', `${what}.type`);
    const help = readString(item['help'] ?? '', `${what}.help`);
    const entries = readArray(item['series'], `${what}.series`, UNBOUNDED);
    count += entries.length;
    fault = faultOfFamily(name, type, help, count, seriesMax);
    if (fault !== null) break;
    const series = entries.map((entry, k) => decodeSeries(entry, `${what}.series[${k}]`));
    families.push({ name, type: type as MetricType, help, series });
    fault = faultOfSeries(name, series);
  }
  return fault === null ? { shape: { labels, families }, fault } : { shape: null, fault };
}

function faultOfCounts(labels: Labels, families: number): Fault | null {
  if (Object.keys(labels).length > LABELS_MAX) {
    const message = `shape.labels: more than ${LABELS_MAX} labels`;
    return { code: 'INVALID_LABEL', message, limit: 'labels' };
  }
  if (families > FAMILIES_PER_SHAPE_MAX) {
    const message = `the shape has more than ${FAMILIES_PER_SHAPE_MAX} families`;
    return { code: 'TOO_MANY_SERIES', message, limit: 'series' };
  }
  return null;
}

function faultOfFamily(
  name: string,
  type: string,
  help: string,
  count: number,
  seriesMax: number,
): Fault | null {
  if (count > seriesMax) {
    const message = `the shape has more than ${seriesMax} series`;
    return { code: 'TOO_MANY_SERIES', message, limit: 'series' };
  }
  if (!(METRIC_TYPES as readonly string[]).includes(type)) {
    const message = `${quote(name)}: type ${quote(type, 40)} is none of ${METRIC_TYPES.join(', ')}`;
    return { code: 'INVALID_NAME', message };
  }
  if (help.length > HELP_CHARS_MAX || help.includes('\0')) {
    const message = `${quote(name)}: help is longer than ${HELP_CHARS_MAX} characters or has a NUL in it`;
    const limit = help.length > HELP_CHARS_MAX ? { limit: 'help_length' as const } : {};
    return { code: 'INVALID_NAME', message, ...limit };
  }
  return null;
}

function faultOfSeries(name: string, series: readonly Series[]): Fault | null {
  for (const [, labels] of series) {
    if (Object.keys(labels).length <= LABELS_MAX) continue;
    const message = `${quote(name)}: more than ${LABELS_MAX} labels`;
    return { code: 'INVALID_LABEL', message, limit: 'labels' };
  }
  return null;
}

function decodeSeries(entry: unknown, what: string): Series {
  const pair = readArray(entry, what, 2);
  return [readString(pair[0], `${what}[0]`), decodeLabels(pair[1] ?? {}, `${what}[1]`)];
}

function decodeLabels(value: unknown, what: string): Labels {
  const labels = readObject(value, what);
  for (const name of Object.keys(labels)) {
    const text = labels[name];
    if (typeof text !== 'string') readString(text, `${what}.${describe(name)}`);
  }
  return labels as Labels;
}
