/**
 * Every series that StatsD's samples have made, by name and tags. The first sample of a name says what it is; others of
 * another type are turned away, as are names that would be those of another histogram's lines. All is bounded: when the
 * table is full, series that have been quiet give way, and only if there are none is a new one turned away.
 */
import { LABEL_VALUE_CHARS_MAX, LABELS_MAX, NAME_CHARS_MAX } from '@tributary/shared/limits';
import { detached, reservedNames, withoutReserved } from '../../collectors/own-labels.ts';
import { Leaving } from '../leaving.ts';
import { Chunks } from './chunks.ts';
import {
  createHistogram,
  createNumber,
  createSet,
  MemberRoom,
  type Metric,
  type TableSeries,
} from './metric.ts';
import type { StatsdSample, StatsdType } from './parse-line.ts';

export const SAMPLE_ERRORS = [
  'illegal_negative_counter',
  /** A name or a tag is longer than the wire allows, or has a NUL in it. */
  'too_long',
  'too_many_tags',
  /** A name that is Tributary's own. */
  'reserved_name',
  /** The name is that of a metric of another type, or of its lines. */
  'conflict',
  'too_many_series',
  'too_many_members',
] as const;

export type SampleError = (typeof SAMPLE_ERRORS)[number];

export interface TableLimits {
  /** On the wire, where a histogram is as many as it has buckets, and two more; those too that were removed within five minutes. */
  readonly seriesMax: number;
  /** Of the names and tags of all series, as often as the wire has them: a tag may be as long as a packet. */
  readonly charsMax: number;
  /** Members of all sets in one interval. */
  readonly membersMax: number;
  readonly memberCharsMax: number;
  /** Series that were quiet for so long are removed when there is need of room; in ms. */
  readonly quietMs: number;
}

export const TABLE_LIMITS: TableLimits = {
  seriesMax: 5_000,
  charsMax: 2 * 1024 * 1024,
  membersMax: 20_000,
  memberCharsMax: 256,
  quietMs: 10 * 60_000,
};

export interface TableOptions {
  readonly bounds: readonly number[];
  /** Names of the target's labels. */
  readonly target: Iterable<string>;
  readonly onError: (reason: SampleError) => void;
  readonly limits?: TableLimits;
}

interface FamilyEntry {
  readonly type: StatsdType;
  series: number;
}

export class StatsdTable {
  readonly #options: TableOptions;
  readonly #limits: TableLimits;
  readonly #reserved: ReadonlySet<string>;
  readonly #reservedOfHistograms: ReadonlySet<string>;
  readonly #room: MemberRoom;
  readonly #series = new Map<string, TableSeries>();
  readonly #families = new Map<string, FamilyEntry>();
  /** Which family each name of a line belongs to. */
  readonly #lines = new Map<string, string>();
  readonly chunks = new Chunks();
  readonly #leaving = new Leaving();
  #wireSeries = 0;
  #chars = 0;
  /** A search for quiet series has found none; it is not repeated before the next tick. */
  #isPacked = false;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#limits = options.limits ?? TABLE_LIMITS;
    this.#reserved = reservedNames(options.target);
    this.#reservedOfHistograms = new Set([...this.#reserved, 'le']);
    this.#room = new MemberRoom(this.#limits.membersMax);
  }

  /** On the wire. */
  get series(): number {
    return this.#wireSeries;
  }

  /** @returns what is wrong; the sample then counts for nothing. */
  add(sample: StatsdSample, now: number): SampleError | null {
    if (sample.type === 'counter' && sample.value < 0) return 'illegal_negative_counter';
    if (sample.member.length > this.#limits.memberCharsMax) return 'too_long';
    // Before a key is made of them, which costs as much as they are long.
    const fault = this.#faultOf(sample.name, sample.labels);
    if (fault !== null) return fault;
    // As they go out: two that are the same then are one series.
    const labels = this.#labelsOf(sample);
    const key = `${sample.name}\0${labels.join('\0')}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const made = this.#create(sample, labels, key, now);
      if (typeof made === 'string') return made;
      series = made;
      this.#leaving.back(key);
      this.#series.set(detached(key), series);
    } else if (series.type !== sample.type) return 'conflict';
    series.touched = now;
    series.metric.add(sample);
    return null;
  }

  /** A tick was taken: sets begin anew. */
  tick(): void {
    this.#isPacked = false;
    for (const series of this.#series.values()) {
      series.isTold = true;
      series.metric.tick();
    }
  }

  /** Removes what was last sent before `time`. @returns how many series of the wire. */
  expire(time: number, now: number): number {
    const before = this.#wireSeries;
    for (const [key, series] of this.#series) if (series.touched < time) this.#remove(key, series, now);
    return before - this.#wireSeries;
  }

  #create(
    { name, type }: StatsdSample,
    labels: readonly string[],
    key: string,
    now: number,
  ): TableSeries | SampleError {
    const family = this.#families.get(name);
    if (family !== undefined && family.type !== type) return 'conflict';
    const fault =
      this.#faultOf(name, labels) ?? (family === undefined ? this.#faultOfName(name, type) : null);
    if (fault !== null) return fault;
    const metric = this.#createMetric(type);
    const chars = labels.reduce((sum, { length }) => sum + length, name.length) * metric.series;
    // It has its place already, if it has left a moment ago.
    const needed = this.#leaving.has(key) ? 0 : metric.series;
    if (!this.#hasRoom(needed, chars, now) && !this.#makeRoom(needed, chars, now)) return 'too_many_series';
    const series: TableSeries = {
      name: detached(name),
      type,
      labels: labels.map(detached),
      metric,
      chars,
      touched: now,
      isTold: needed === 0,
    };
    // Looked up again: making room may have removed it.
    const entry = this.#families.get(name) ?? { type, series: 0 };
    entry.series++;
    this.#families.set(series.name, entry);
    for (const line of linesOf(series.name, type)) this.#lines.set(line, series.name);
    this.#wireSeries += metric.series;
    this.#chars += chars;
    this.chunks.add(series);
    return series;
  }

  #createMetric(type: StatsdType): Metric {
    if (type === 'observer') return createHistogram(this.#options.bounds);
    if (type === 'set') return createSet(this.#room, () => this.#options.onError('too_many_members'));
    return createNumber(type);
  }

  /** A bucket's bound is `le`'s alone. */
  #labelsOf({ type, labels }: StatsdSample): readonly string[] {
    const reserved = type === 'observer' ? this.#reservedOfHistograms : this.#reserved;
    return withoutReserved(labels, reserved);
  }

  #faultOf(name: string, labels: readonly string[]): SampleError | null {
    if (name.length > NAME_CHARS_MAX) return 'too_long';
    if (labels.length / 2 + this.#reserved.size + 1 > LABELS_MAX) return 'too_many_tags';
    for (let i = 0; i < labels.length; i += 2) {
      const value = labels[i + 1] ?? '';
      if ((labels[i] ?? '').length > NAME_CHARS_MAX) return 'too_long';
      if (value.length > LABEL_VALUE_CHARS_MAX || value.includes('\0')) return 'too_long';
    }
    return name.startsWith('tributary_') ? 'reserved_name' : null;
  }

  #faultOfName(name: string, type: StatsdType): SampleError | null {
    return linesOf(name, type).some((line) => this.#lines.has(line)) ? 'conflict' : null;
  }

  #hasRoom(series: number, chars: number, now: number): boolean {
    const { seriesMax, charsMax } = this.#limits;
    const taken = this.#wireSeries + this.#leaving.series(now);
    return taken + series <= seriesMax && this.#chars + chars <= charsMax;
  }

  #makeRoom(series: number, chars: number, now: number): boolean {
    if (this.#isPacked) return false;
    this.expire(now - this.#limits.quietMs, now);
    this.#isPacked = !this.#hasRoom(series, chars, now);
    return !this.#isPacked;
  }

  #remove(key: string, series: TableSeries, now: number): void {
    const { name, type, metric, chars, isTold } = series;
    if (isTold) this.#leaving.leave(key, metric.series, now);
    // Lets go of its members.
    metric.tick();
    this.#series.delete(key);
    this.chunks.remove(series);
    this.#wireSeries -= metric.series;
    this.#chars -= chars;
    const family = this.#families.get(name);
    if (family === undefined || --family.series > 0) return;
    this.#families.delete(name);
    for (const line of linesOf(name, type)) this.#lines.delete(line);
  }
}

/** The names that a metric takes up. */
function linesOf(name: string, type: StatsdType): readonly string[] {
  return type === 'observer' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}
