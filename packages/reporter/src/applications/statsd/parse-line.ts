/**
 * One line of StatsD, `NAME:VALUE|TYPE[|@RATE][|#TAG:VALUE,…]`, as statsd_exporter reads it, with its four kinds of tags:
 * DogStatsD's behind the type, InfluxDB's (`name,tag=value`), Librato's (`name#tag=value`) and SignalFX's
 * (`name[tag=value]`) in the name. Several values of one name may follow one another: `a:1|c:2|c`, and `a:1:2:3|ms` for
 * those that are distributed over buckets.
 * Source: https://github.com/prometheus/statsd_exporter, pkg/line/line.go
 *
 * It is stricter in this: a number is a decimal one and finite, and a sample rate is above 0 and at most 1. There an odd
 * rate is counted as an error, and the sample taken as if it had none.
 */
import { flatSorted } from '../../collectors/own-labels.ts';
import { prometheusName } from './metric-name.ts';

/** What is wrong with a line or a sample of it; names are statsd_exporter's where it has one. */
export const LINE_ERRORS = [
  'malformed_line',
  'not_enough_parts_after_colon',
  'malformed_component',
  'malformed_value',
  'malformed_container_id',
  'malformed_timestamp',
  'invalid_sample_factor',
  'invalid_extended_aggregate_type',
  'mixed_tagging_styles',
  'illegal_event',
  /** DogStatsD's events and service checks, which are no metrics. */
  'no_metric',
] as const;

export type LineError = (typeof LINE_ERRORS)[number];

export type StatsdType = 'counter' | 'gauge' | 'observer' | 'set';

export interface StatsdSample {
  /** A legal metric name, but for its length. */
  readonly name: string;
  readonly type: StatsdType;
  /** Timers in seconds; counters as many as the sample stands for; 0 of sets. */
  readonly value: number;
  /** How many samples this one stands for; of observers only, else 1. */
  readonly times: number;
  /** The gauge is changed by the value, and not set to it. */
  readonly isRelative: boolean;
  /** Of sets, what is in it; else ''. */
  readonly member: string;
  /** Names and values in turn, sorted by name, none empty. */
  readonly labels: readonly string[];
}

export interface LineSink {
  sample(sample: StatsdSample): void;
  error(reason: LineError): void;
  /** A tag that cannot be read is left out, and the sample taken without it. */
  tagError(): void;
}

const TYPES: Readonly<Record<string, StatsdType>> = {
  c: 'counter',
  g: 'gauge',
  ms: 'observer',
  h: 'observer',
  d: 'observer',
  s: 'set',
};

const COMPONENTS_MAX = 8;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Of observers a sample stands for whole samples, and as many as a float can count exactly. */
const TIMES_MAX = 1e9;

/** @param line without its end; an empty one says nothing. */
export function parseLine(line: string, sink: LineSink): void {
  if (line === '') return;
  if (line.startsWith('_e{') || line.startsWith('_sc|')) return sink.error('no_metric');
  const colon = line.indexOf(':');
  if (colon < 1) return sink.error('malformed_line');
  const rest = line.slice(colon + 1);
  const tags = new Tags();
  const name = prometheusName(readNameTags(line.slice(0, colon), tags, sink));
  if (name === '') return sink.error('malformed_line');
  const hasTags = rest.includes('|#');
  if (hasTags && tags.size > 0) return sink.error('mixed_tagging_styles');
  for (const samples of samplesIn(rest, hasTags, sink)) readSamples(name, samples, tags, sink);
}

/** The tags of a line. A packet may have thousands of samples with the same: they are put in order once. */
class Tags {
  readonly #values = new Map<string, string>();
  #sorted: readonly string[] | null = null;

  get size(): number {
    return this.#values.size;
  }

  set(name: string, value: string): void {
    this.#values.set(name, value);
    this.#sorted = null;
  }

  /** Names and values in turn. */
  get sorted(): readonly string[] {
    this.#sorted ??= flatSorted([...this.#values]);
    return this.#sorted;
  }
}

/** `VALUE:VALUE|TYPE|…`: values that have all that follows in common. */
interface Samples {
  readonly values: readonly string[];
  /** Null when nothing follows. */
  readonly tail: string | null;
}

/** What stands behind the name. */
function samplesIn(rest: string, hasTags: boolean, sink: LineSink): readonly Samples[] {
  const bar = rest.indexOf('|');
  if (bar < 0) {
    sink.error('not_enough_parts_after_colon');
    return [];
  }
  const values = rest.slice(0, bar);
  if (values.includes(':')) {
    const [, type = ''] = rest.split('|', 2);
    if (TYPES[type] !== 'observer') {
      sink.error('invalid_extended_aggregate_type');
      return [];
    }
    return [{ values: values.split(':'), tail: rest.slice(bar + 1) }];
  }
  // A tag's value may have colons of its own.
  return (hasTags ? [rest] : rest.split(':')).map((text) => {
    const end = text.indexOf('|');
    return end < 0
      ? { values: [text], tail: null }
      : { values: [text.slice(0, end)], tail: text.slice(end + 1) };
  });
}

function readSamples(name: string, { values, tail }: Samples, tags: Tags, sink: LineSink): void {
  const [typeText, ...extras] = tail?.split('|', COMPONENTS_MAX) ?? [];
  if (typeText === undefined || extras.length + 2 > COMPONENTS_MAX || extras.includes(''))
    return sink.error('malformed_component');
  const type = Object.hasOwn(TYPES, typeText) ? TYPES[typeText] : undefined;
  if (type === undefined) return sink.error('illegal_event');
  let rate = 1;
  for (const extra of extras) {
    const fault = readExtra(extra, tags, sink);
    if (typeof fault === 'string') return sink.error(fault);
    if (fault !== null) rate = fault;
  }
  const labels = tags.sorted;
  for (const text of values) {
    const value = readValue(text, typeText, type, rate);
    if (value === null) sink.error('malformed_value');
    else
      sink.sample({
        name,
        type,
        value,
        times: type === 'observer' ? Math.trunc(1 / rate) : 1,
        isRelative: type === 'gauge' && /^[+-]/.test(text),
        member: type === 'set' ? text : '',
        labels,
      });
  }
}

/** Null when it is no number that can be kept. */
function readValue(text: string, typeText: string, type: StatsdType, rate: number): number | null {
  if (type === 'set') return 0;
  if (!DECIMAL.test(text)) return null;
  const number = Number(text);
  const value = typeText === 'ms' ? number / 1000 : type === 'counter' ? number / rate : number;
  return Number.isFinite(value) ? value : null;
}

/** One part behind the type. @returns the sample rate, if it was that; else null, or what is wrong. */
function readExtra(extra: string, tags: Tags, sink: LineSink): number | LineError | null {
  const rest = extra.slice(1);
  switch (extra[0]) {
    case '@': {
      const rate = DECIMAL.test(rest) ? Number(rest) : Number.NaN;
      return rate <= 1 && rate >= 1 / TIMES_MAX ? rate : 'invalid_sample_factor';
    }
    case '#':
      // The first of all begins with the sign; some clients repeat it before each.
      for (const tag of tagsOf(rest)) readTag(tag.startsWith('#') ? tag.slice(1) : tag, ':', tags, sink);
      return null;
    case 'c':
      if (!rest.startsWith(':') || rest.length < 2) return 'malformed_container_id';
      tags.set('container_id', rest.slice(1));
      return null;
    case 'T':
      // The time of the sample, which is told at the tick all the same.
      return /^[+-]?\d+$/.test(rest) ? null : 'malformed_timestamp';
    default:
      return 'invalid_sample_factor';
  }
}

/** Takes the tags out of a name. */
function readNameTags(name: string, tags: Tags, sink: LineSink): string {
  const from = name.indexOf('[');
  const to = name.indexOf(']');
  if (from >= 0 && to > from) {
    for (const tag of tagsOf(name.slice(from + 1, to))) readTag(tag, '=', tags, sink);
    return name.slice(0, from) + name.slice(to + 1);
  }
  if (from >= 0 || to >= 0) {
    sink.tagError();
    return name;
  }
  const start = name.search(/[#,]/);
  if (start < 0) return name;
  for (const tag of tagsOf(name.slice(start + 1))) readTag(tag, '=', tags, sink);
  return name.slice(0, start);
}

/** A comma at the end is followed by nothing. */
function tagsOf(text: string): readonly string[] {
  if (text === '') return [];
  const tags = text.split(',');
  if (tags.at(-1) === '') tags.pop();
  return tags;
}

function readTag(tag: string, separator: string, tags: Tags, sink: LineSink): void {
  const at = tag.indexOf(separator);
  if (at < 1 || at === tag.length - 1) return sink.tagError();
  const name = prometheusName(tag.slice(0, at));
  // Prometheus's own names.
  if (name.startsWith('__')) return sink.tagError();
  tags.set(name, tag.slice(at + 1));
}
