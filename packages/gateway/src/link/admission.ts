/**
 * Admission of shapes: the one place where names, labels and uniqueness are judged and where the text of every series
 * is decided. What passes here can be written into an exposition as it stands; one malformed line would fail the whole
 * scrape of the fleet, so nothing else may ever write a host's name or label.
 *
 * Labels are written in this order (docs/PROTOCOL.md, "Labels"): the series' own, sorted; then `instance`, `job`,
 * `host`; then the remaining target labels, sorted. An own label whose name is taken by the target gets `exported_`
 * in front until it is free. Prometheus keys its scrape cache by the raw text, so the same series must always be the
 * same bytes.
 */
import type { Fault } from '@tributary/shared/errors';
import { NAME_CHARS_MAX } from '@tributary/shared/limits';
import {
  isMetricName,
  isReservedMetricName,
  isTargetLabelName,
  printable,
  quote,
} from '@tributary/shared/names';
import { type Family, type Labels, type MetricType, type Shape, seriesCount } from '@tributary/shared/shape';
import type { ShapeKey } from '../ledger/ledger.ts';
import { faultOfValue, type Line, writeSeries } from './series-text.ts';

/** Of a series in a message: a host may make its labels very long. */
const SERIES_CHARS_SHOWN = 200;

/** A family of a shape, ready to be rendered for any host that uses it. */
export interface AdmittedFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /**
   * The lines of one point of the family in exposition order: metrics in the reporter's order; within a metric the
   * buckets or quantiles ascending, then sum, then count. Each begins with the sample name and the own labels and
   * wants the target's text behind it, as in `node_cpu_seconds_total{cpu="0",mode="idle",`.
   */
  readonly prefixes: readonly string[];
  /** `indexes[k]` is the place of line k's value in the column. */
  readonly indexes: Uint32Array;
  /** `suffixes[k]` is what line k's sample name adds to the family's name. */
  readonly suffixes: readonly string[];
  /** Where each metric's lines begin, and the number of lines as a last item. */
  readonly starts: Uint32Array;
  /** Every metric of a histogram has its `+Inf` bucket; true for every other type. */
  readonly complete: boolean;
}

/** A shape that passed. Held once for the whole fleet, however many hosts use it. */
export interface AdmittedShape extends ShapeKey {
  readonly labels: Labels;
  readonly families: readonly AdmittedFamily[];
  /** The length of every column of this shape. */
  readonly length: number;
}

export type Admission = { shape: AdmittedShape; fault: null } | { shape: null; fault: Fault };

/**
 * Judges a decoded shape. The text of its lines does not depend on the host; see `targetText` for what does.
 * @param key the shape's content and the hash of it, which the caller has looked up already.
 */
export function admit(shape: Shape, key: ShapeKey): Admission {
  const targetFault = faultOfTarget(shape.labels);
  if (targetFault !== null) return { shape: null, fault: targetFault };
  const reserved = new Set(['host', 'instance', 'job', ...Object.keys(shape.labels)]);
  const seen = new Set<string>();
  const names = new Set<string>();
  const families: AdmittedFamily[] = [];
  let offset = 0;
  for (const family of shape.families) {
    const nameFault = faultOfName(family, names);
    if (nameFault !== null) return { shape: null, fault: nameFault };
    const admitted = admitFamily(family, offset, reserved, seen);
    if (admitted.fault !== null) return { shape: null, fault: admitted.fault };
    families.push(admitted.family);
    offset += family.series.length;
  }
  const { labels } = shape;
  return { shape: { ...key, labels, families, length: seriesCount(shape) }, fault: null };
}

/** What no shape of `host` may claim: to be another host's node, or nobody's. Null when it does not. */
export function faultOfInstance(labels: Labels, host: string): Fault | null {
  const instance = labels['instance'];
  if ((labels['job'] ?? 'node') !== 'node' || instance === undefined || instance === host) return null;
  const message = `shape.labels: job "node" of host ${quote(host)} cannot have the instance ${quote(instance)}`;
  return { code: 'INVALID_LABEL', message };
}

function faultOfTarget(labels: Labels): Fault | null {
  for (const [name, value] of Object.entries(labels)) {
    if (!isTargetLabelName(name)) {
      const message = `shape.labels: ${quote(name)} cannot be a target label`;
      const limit = name.length > NAME_CHARS_MAX ? { limit: 'name_length' as const } : {};
      return { code: 'INVALID_LABEL', message, ...limit };
    }
    // An empty instance is none, which every job but `node` may have (`faultOfInstance`).
    if (value === '' && name === 'job') {
      return { code: 'INVALID_LABEL', message: 'shape.labels: job is empty' };
    }
    const fault = faultOfValue(name, value, 'shape.labels');
    if (fault !== null) return fault;
  }
  return null;
}

function faultOfName(family: Family, names: Set<string>): Fault | null {
  const { name } = family;
  const invalid = (why: string): Fault => ({ code: 'INVALID_NAME', message: `${quote(name)}: ${why}` });
  if (name.length > NAME_CHARS_MAX)
    return { ...invalid(`longer than ${NAME_CHARS_MAX} characters`), limit: 'name_length' };
  if (!isMetricName(name)) return invalid('not a metric name ([a-zA-Z_:][a-zA-Z0-9_:]*)');
  if (isReservedMetricName(name)) return invalid("names that begin with tributary_ are the gateway's own");
  if (names.has(name))
    return { code: 'DUPLICATE_SERIES', message: `${quote(name)}: the family stands twice in one shape` };
  names.add(name);
  if (!family.help.isWellFormed()) return invalid('help is not well-formed text');
  return null;
}

type FamilyAdmission = { family: AdmittedFamily; fault: null } | { family: null; fault: Fault };

function admitFamily(
  family: Family,
  offset: number,
  reserved: ReadonlySet<string>,
  seen: Set<string>,
): FamilyAdmission {
  const { name, type, help } = family;
  const metrics = new Map<string, Line[]>();
  for (const [i, series] of family.series.entries()) {
    const line = writeSeries(family, series, offset + i, reserved);
    if ('code' in line) return { family: null, fault: line };
    if (seen.has(line.prefix)) {
      const message = `${printable(line.prefix.replace(/,?$/, '}').slice(0, SERIES_CHARS_SHOWN))} stands twice in one shape`;
      return { family: null, fault: { code: 'DUPLICATE_SERIES', message } };
    }
    seen.add(line.prefix);
    const lines = metrics.get(line.metric);
    if (lines === undefined) metrics.set(line.metric, [line]);
    else lines.push(line);
  }
  const ordered: Line[] = [];
  const starts: number[] = [];
  let complete = true;
  for (const lines of metrics.values()) {
    starts.push(ordered.length);
    if (lines.length > 1) lines.sort(compareLines);
    const twin = twinBound(type, lines);
    if (twin !== undefined) {
      const message = `${printable(twin.prefix.replace(/,?$/, '}').slice(0, SERIES_CHARS_SHOWN))} has the bound of another line of its metric`;
      return { family: null, fault: { code: 'DUPLICATE_SERIES', message } };
    }
    if (type === 'histogram') complete &&= lines.some(isInfinityBucket);
    for (const line of lines) ordered.push(line);
  }
  starts.push(ordered.length);
  return {
    family: {
      name,
      type,
      help,
      prefixes: ordered.map((line) => line.prefix),
      indexes: Uint32Array.from(ordered, (line) => line.index),
      suffixes: ordered.map((line) => line.suffix),
      starts: Uint32Array.from(starts),
      complete,
    },
    fault: null,
  };
}

/** A line whose bound is written otherwise than its neighbour's but is the same number, as in `1` and `1.0`. */
function twinBound(type: MetricType, sorted: readonly Line[]): Line | undefined {
  if (type !== 'histogram' && type !== 'summary') return undefined;
  return sorted.find((line, k) => {
    const before = sorted[k - 1];
    return before !== undefined && before.order === line.order && before.bound === line.bound;
  });
}

function isInfinityBucket(line: Line): boolean {
  return line.suffix === '_bucket' && line.bound === Number.POSITIVE_INFINITY;
}

/** Buckets and quantiles by their bound, then sum, then count. */
function compareLines(a: Line, b: Line): number {
  if (a.order !== b.order) return a.order - b.order;
  // Two infinities differ by NaN.
  return a.bound < b.bound ? -1 : a.bound > b.bound ? 1 : a.index - b.index;
}
