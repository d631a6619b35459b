/**
 * Decodes a shape from untrusted JSON: structure and counts here; names, labels and uniqueness are judged at admission,
 * where the host and its other labels are known.
 */
import type { Fault } from './errors.ts';
import { describe, type JsonObject, readArray, readObject, readText } from './fields.ts';
import { FAMILIES_PER_SHAPE_MAX, HELP_CHARS_MAX, LABELS_MAX } from './limits.ts';
import { quote } from './names.ts';
import { type Family, type Labels, METRIC_TYPES, type MetricType, type Series, type Shape } from './shape.ts';

type DecodedShape = { shape: Shape; fault: null } | { shape: null; fault: Fault };

/** Text that no rule of its own bounds yet; the frame does. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/**
 * @param fields the frame's or the stored body's object.
 * @throws RefuseError `BAD_FRAME` when the structure is wrong.
 * @returns the shape, or the fault that makes every batch of it to be rejected.
 */
export function decodeShape(fields: JsonObject, seriesMax: number): DecodedShape {
  const labels = decodeLabels(fields['labels'] ?? {}, 'shape.labels');
  const items = readArray(fields['families'], 'shape.families', FAMILIES_PER_SHAPE_MAX);
  const families: Family[] = [];
  let fault: Fault | null = null;
  let count = 0;
  for (let i = 0; i < items.length; i++) {
    const what = `families[${i}]`;
    const item = readObject(items[i], what);
    const name = readText(item['name'], `${what}.name`, UNBOUNDED);
    const type = readText(item['type'] ?? 'untyped', `${what}.type`, 64);
    const help = readText(item['help'] ?? '', `${what}.help`, UNBOUNDED);
    const series = readArray(item['series'], `${what}.series`, UNBOUNDED);
    count += series.length;
    fault ??= faultOf(name, type, help, count, seriesMax);
    if (fault !== null) continue;
    families.push({
      name,
      type: type as MetricType,
      help,
      series: series.map((entry, k) => decodeSeries(entry, `${what}.series[${k}]`)),
    });
  }
  return fault === null ? { shape: { labels, families }, fault } : { shape: null, fault };
}

function faultOf(name: string, type: string, help: string, count: number, seriesMax: number): Fault | null {
  if (count > seriesMax) {
    return { code: 'TOO_MANY_SERIES', message: `the shape has more than ${seriesMax} series` };
  }
  if (!(METRIC_TYPES as readonly string[]).includes(type)) {
    const message = `${quote(name)}: type ${quote(type)} is none of ${METRIC_TYPES.join(', ')}`;
    return { code: 'INVALID_NAME', message };
  }
  if (help.length > HELP_CHARS_MAX || help.includes('\0')) {
    const message = `${quote(name)}: help is longer than ${HELP_CHARS_MAX} characters or has a NUL in it`;
    return { code: 'INVALID_NAME', message };
  }
  return null;
}

function decodeSeries(entry: unknown, what: string): Series {
  const pair = readArray(entry, what, 2);
  return [readText(pair[0], `${what}[0]`, 64), decodeLabels(pair[1] ?? {}, `${what}[1]`)];
}

function decodeLabels(value: unknown, what: string): Labels {
  const labels = readObject(value, what);
  const names = Object.keys(labels);
  readArray(names, what, LABELS_MAX);
  for (const name of names) {
    const text = labels[name];
    if (typeof text !== 'string') readText(text, `${what}.${describe(name)}`, UNBOUNDED);
  }
  return labels as Labels;
}
