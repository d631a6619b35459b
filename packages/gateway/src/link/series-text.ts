/**
 * Writes series as text: the only place where a host's names and labels become bytes of an exposition.
 */
import type { Fault } from '@tributary/shared/errors';
import { LABEL_VALUE_CHARS_MAX, LABELS_MAX, NAME_CHARS_MAX } from '@tributary/shared/limits';
import { isLabelName, quote } from '@tributary/shared/names';
import { type Family, type Labels, type MetricType, type Series, suffixesOf } from '@tributary/shared/shape';

/** One line of a metric's point, but for the target's labels, the value and the timestamp. */
export interface Line {
  readonly prefix: string;
  readonly suffix: string;
  /** Place of the value in the column. */
  readonly index: number;
  /** The own labels without the one that tells the metric's lines apart: equal for all lines of a metric. */
  readonly metric: string;
  /** Buckets and quantiles before the sum, the sum before the count. */
  readonly order: number;
  /** The bucket's or the quantile's bound; 0 where there is none. */
  readonly bound: number;
}

/**
 * What follows every prefix of a shape's lines for one host: the target's labels, the closing brace and a space.
 * `instance` is the host where the shape names none. Where it is set to nothing it is written all the same: a series
 * without the label would be given the gateway's address by the Prometheus that scrapes it, whereas with `honor_labels` an
 * empty one is taken for what it says [run 3.5, 2.53, 2.42].
 */
export function targetText(labels: Labels, host: string): string {
  const text = (name: string): string =>
    `${name}="${escapeLabelValue(targetLabel(labels, name, host) ?? '')}"`;
  const rest = Object.keys(labels).filter(
    (name) => name !== 'instance' && name !== 'job' && labels[name] !== '',
  );
  return `${['instance', 'job', 'host', ...rest.sort()].map(text).join(',')}} `;
}

/**
 * The value of a label that the target gives to every series: '' where it is set to nothing, so that no series has
 * it once it is stored; null where the target does not speak of it, and a series' own label of that name stands.
 * @param labels the shape's.
 */
export function targetLabel(labels: Labels, name: string, host: string): string | null {
  if (name === 'host') return host;
  // Any label may be a target's, those that every object inherits too.
  if (Object.hasOwn(labels, name)) return labels[name] ?? '';
  return name === 'instance' ? host : name === 'job' ? 'node' : null;
}

/** The value of an own label in a line's prefix as `writeSeries` wrote it; '' where the series has none of that name. */
export function ownLabelOf(prefix: string, name: string): string {
  for (let at = prefix.indexOf('{') + 1; at < prefix.length; ) {
    const from = prefix.indexOf('=', at) + 2;
    const to = closingQuote(prefix, from);
    if (from - 2 - at === name.length && prefix.startsWith(name, at)) {
      return unescapeLabelValue(prefix.slice(from, to));
    }
    // They are sorted, and their first letters tell most of them apart.
    if (prefix.charCodeAt(at) > name.charCodeAt(0)) return '';
    at = to + 2;
  }
  return '';
}

/** The place of the quote that ends a value: the first one that is not escaped. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}

function unescapeLabelValue(text: string): string {
  return text.includes('\\')
    ? text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
    : text;
}

/** A label value between quotes, as both text formats escape it. */
export function escapeLabelValue(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;
}

/** What is wrong with a label's value, or null. Empty values are fine: they mean no label. */
export function faultOfValue(name: string, value: string, where: string): Fault | null {
  let why: string;
  const isLong = value.length > LABEL_VALUE_CHARS_MAX;
  if (isLong) why = `longer than ${LABEL_VALUE_CHARS_MAX} characters`;
  else if (!value.isWellFormed()) why = 'not well-formed text';
  else if (value.includes('\0')) why = 'has a NUL in it';
  else return null;
  const message = `${where}: the value of label ${quote(name)} is ${why}`;
  return { code: 'INVALID_LABEL', message, ...(isLong ? { limit: 'value_length' } : {}) };
}

/**
 * Writes one series of a family.
 * @param reserved names of the target's labels, which a series' own may not have.
 */
export function writeSeries(
  family: Family,
  [suffix, labels]: Series,
  index: number,
  reserved: ReadonlySet<string>,
): Line | Fault {
  const { name, type } = family;
  const order = suffixesOf(type).indexOf(suffix);
  if (order < 0) {
    const message = `${quote(name)}: a ${type} has no series with the suffix ${quote(suffix)}`;
    return { code: 'INVALID_NAME', message };
  }
  const own = ownLabels(name, labels, reserved);
  if (!Array.isArray(own)) return own;
  const key = pointLabel(type, name, suffix);
  // Any name may be a stateset's, those that every object inherits too.
  const point = Object.hasOwn(labels, key) ? labels[key] : undefined;
  const bound = key === 'le' ? parseBound(point) : key === 'quantile' ? parseQuantile(point) : 0;
  if (Number.isNaN(bound) || (type === 'stateset' && (point ?? '') === '')) {
    const message = `${quote(name + suffix)}: label ${key} is missing${type === 'stateset' ? '' : NEEDS[key]}`;
    return { code: 'INVALID_LABEL', message };
  }
  const misplaced = pointLabelOf(type);
  if (key === '' && (labels[misplaced] ?? '') !== '') {
    // Go's parser of the text format reads it as a number on every line of the type, and fails the whole body if it is none.
    const message = `${quote(name + suffix)}: label ${misplaced} belongs to the lines with a bound only`;
    return { code: 'INVALID_LABEL', message };
  }
  let prefix = `${name}${suffix}{`;
  let metric = '';
  for (const [label, value] of own) {
    const text = `${label}="${escapeLabelValue(value)}",`;
    prefix += text;
    if (label !== key) metric += text;
  }
  return { prefix, suffix, index, metric, order, bound };
}

/** The label that tells a metric's lines apart and so is no part of the metric's identity; '' where there is none. */
function pointLabel(type: MetricType, name: string, suffix: string): string {
  if (type === 'histogram' && suffix === '_bucket') return 'le';
  if (type === 'summary' && suffix === '') return 'quantile';
  return type === 'stateset' ? name : '';
}

/** The label that holds the bounds of a type's lines; '' where they have none. */
function pointLabelOf(type: MetricType): string {
  return type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : '';
}

/** The series' own labels as they will be written: free of reserved names, without empty values, sorted by name. */
function ownLabels(
  name: string,
  labels: Labels,
  reserved: ReadonlySet<string>,
): (readonly [name: string, value: string])[] | Fault {
  const taken = new Set(reserved);
  const own: [string, string][] = [];
  const names = Object.keys(labels).sort();
  for (const label of names) {
    const value = labels[label] ?? '';
    if (!isLabelName(label)) {
      return faultOfLabelName(name, label);
    }
    const fault = faultOfValue(label, value, quote(name));
    if (fault !== null) return fault;
    if (value !== '' && !reserved.has(label)) {
      taken.add(label);
      own.push([label, value]);
    }
  }
  if (names.length + reserved.size > LABELS_MAX) {
    const message = `${quote(name)}: more than ${LABELS_MAX} labels`;
    return { code: 'INVALID_LABEL', message, limit: 'labels' };
  }
  for (const label of names) {
    const value = labels[label] ?? '';
    if (value === '' || !reserved.has(label)) continue;
    let free = label;
    while (taken.has(free)) free = `exported_${free}`;
    taken.add(free);
    own.push([free, value]);
  }
  return own.sort(([a], [b]) => (a < b ? -1 : 1));
}

function faultOfLabelName(family: string, label: string): Fault {
  if (label.length > NAME_CHARS_MAX) {
    const message = `${quote(family)}: label name ${quote(label)} is longer than ${NAME_CHARS_MAX} characters`;
    return { code: 'INVALID_LABEL', message, limit: 'name_length' };
  }
  const message = `${quote(family)}: label name ${quote(label)} is not [a-zA-Z_][a-zA-Z0-9_]*, or begins with __`;
  return { code: 'INVALID_LABEL', message };
}

/** What is asked of the labels that are numbers. */
const NEEDS: Readonly<Record<string, string>> = {
  le: ' or is not a number (infinity is written +Inf)',
  quantile: ' or is not a number from 0 to 1',
};

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** NaN when it cannot be read. Infinities have one spelling in the formats. */
function parseBound(text: string | undefined): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return text !== undefined && DECIMAL.test(text) ? Number(text) : Number.NaN;
}

/** NaN when it cannot be read or is none. */
function parseQuantile(text: string | undefined): number {
  const quantile = parseBound(text);
  return quantile >= 0 && quantile <= 1 ? quantile : Number.NaN;
}
