/**
 * Holds what a scraper has stored against the truth, value by value and time by time. Host by host and piece by piece,
 * since a fleet's day is tens of millions of points.
 */
import type { Labels } from '@tributary/shared/shape';
import type { Point, Series } from './prometheus-api.ts';
import { readableKey, seriesKey } from './series-key.ts';
import type { HostTruth, TrueSeries } from './truth.ts';

/** How true a store is to the values that it is given. */
export interface StoreLimits {
  /** By how much a value may change, relative to it, and in any case. */
  readonly relative: number;
  readonly absolute: number;
  /** Likewise, relative to the largest value of its series: a block may have one exponent for all of its values. */
  readonly ofLargest: number;
  /** Whether it keeps points that are NaN. */
  readonly keepsNaN: boolean;
}

/** Every bit. */
export const EXACT: StoreLimits = { relative: 0, absolute: 0, ofLargest: 0, keepsNaN: true };

/** Something that has stored what it scraped. */
export interface PointStore {
  readonly name: string;
  readonly limits: StoreLimits;
  /** All points of a host that are later than `from` and not later than `to`, in ms; the gateway's own ones, too. */
  points(host: string, from: number, to: number): Promise<readonly Series[]>;
  /** How many points it has of each host since a moment, the gateway's own ones not counted. */
  counts(since: number): Promise<ReadonlyMap<string, number>>;
  /** How many points it has of each host's `node_load1`, which is in every batch of a simulated host: cheap to ask. */
  moments(since: number): Promise<ReadonlyMap<string, number>>;
}

export interface Agreement {
  /** Points that the spools recorded. */
  readonly expected: number;
  /** Points that are stored, whatever they are. */
  readonly stored: number;
  readonly missing: number;
  /** At a time that was recorded, with another value. */
  readonly wrong: number;
  /** At a time that was not recorded, or of a series that is unknown. */
  readonly extra: number;
  /** A second point of one moment, or a series that stands twice. */
  readonly duplicated: number;
  /** The first of each fault, for people. */
  readonly examples: readonly string[];
}

export interface CompareOptions {
  /** How far before the first and after the last true point is looked for what should not be there. */
  readonly marginMs?: number;
}

const EXAMPLES_MAX = 5;
/** Of one question, so that the answer stays well below what one JSON text may be. */
const POINTS_PER_PIECE = 250_000;
const MARGIN_MS = 10 * 60_000;

export async function compareHost(
  truth: HostTruth,
  store: PointStore,
  { marginMs = MARGIN_MS }: CompareOptions = {},
): Promise<Agreement> {
  const comparison = new Comparison(truth, store.limits);
  const from = truth.firstAt - marginMs;
  const to = truth.lastAt + marginMs;
  const pieceMs = pieceLength(truth);
  // The margins hold next to nothing, so each is one piece.
  const bounds = [from, truth.firstAt - 1];
  while ((bounds.at(-1) ?? to) < truth.lastAt)
    bounds.push(Math.min((bounds.at(-1) ?? 0) + pieceMs, truth.lastAt));
  bounds.push(to);
  for (const [i, end] of bounds.entries()) {
    const begin = bounds[i - 1];
    if (begin === undefined || begin >= end) continue;
    comparison.take(await store.points(truth.host, begin, end));
  }
  return comparison.finish();
}

/** The sum over hosts. */
export function sumUp(agreements: readonly Agreement[]): Agreement {
  const sum = (of: (agreement: Agreement) => number) => agreements.reduce((total, one) => total + of(one), 0);
  return {
    expected: sum(({ expected }) => expected),
    stored: sum(({ stored }) => stored),
    missing: sum(({ missing }) => missing),
    wrong: sum(({ wrong }) => wrong),
    extra: sum(({ extra }) => extra),
    duplicated: sum(({ duplicated }) => duplicated),
    examples: agreements.flatMap(({ examples }) => examples).slice(0, 4 * EXAMPLES_MAX),
  };
}

/** What the gateway tells of a host itself is nothing that the host has sampled. */
export function isGatewaysOwn(labels: Labels): boolean {
  const name = labels['__name__'] ?? '';
  return name === 'up' || (name.startsWith('tributary_') && !name.startsWith('tributary_reporter_'));
}

function pieceLength({ points, firstAt, lastAt }: HostTruth): number {
  return Math.max(1000, Math.ceil(((lastAt - firstAt + 1) * POINTS_PER_PIECE) / Math.max(points, 1)));
}

/** How far the comparison of one series has come. */
interface Progress {
  readonly truth: TrueSeries;
  /** `found[i]` is 1 when the i-th true point is stored, rightly or wrongly. */
  readonly found: Uint8Array;
  /** The largest finite value, without its sign. */
  readonly largest: number;
  next: number;
  lastAt: number;
}

class Comparison {
  readonly #limits: StoreLimits;
  readonly #progress = new Map<string, Progress>();
  readonly #examples = {
    missing: [] as string[],
    wrong: [] as string[],
    extra: [] as string[],
    duplicated: [] as string[],
  };
  #stored = 0;
  #wrong = 0;
  #extra = 0;
  #duplicated = 0;

  constructor(truth: HostTruth, limits: StoreLimits) {
    this.#limits = limits;
    for (const [key, series] of truth.series) {
      this.#progress.set(key, {
        truth: series,
        found: new Uint8Array(series.times.length),
        largest: largestOf(series.values),
        next: 0,
        lastAt: 0,
      });
    }
  }

  take(stored: readonly Series[]): void {
    const seen = new Set<string>();
    for (const { labels, points } of stored) {
      if (isGatewaysOwn(labels)) continue;
      this.#stored += points.length;
      const key = seriesKey(labels);
      const progress = this.#progress.get(key);
      if (seen.has(key)) {
        this.#duplicated += points.length;
        this.#note('duplicated', `${readableKey(key)} is stored under two spellings`);
      } else if (progress === undefined) {
        this.#extra += points.length;
        this.#note('extra', `${readableKey(key)}, a series that no spool has, with ${points.length} points`);
      } else {
        for (const point of points) this.#takePoint(progress, point);
      }
      seen.add(key);
    }
  }

  finish(): Agreement {
    let missing = 0;
    let expected = 0;
    for (const { truth, found } of this.#progress.values()) {
      missing += this.#countMissing(truth, found);
      expected += this.#limits.keepsNaN
        ? found.length
        : truth.values.filter((value) => !Number.isNaN(value)).length;
    }
    const { missing: lost, wrong, extra, duplicated } = this.#examples;
    return {
      expected,
      stored: this.#stored,
      missing,
      wrong: this.#wrong,
      extra: this.#extra,
      duplicated: this.#duplicated,
      examples: [...lost, ...wrong, ...extra, ...duplicated],
    };
  }

  #takePoint(progress: Progress, { at, value }: Point): void {
    const { truth, found } = progress;
    if (at <= progress.lastAt) {
      this.#duplicated++;
      return this.#note(
        'duplicated',
        `${describe(truth.key, at)} after a point at ${isoTime(progress.lastAt)}`,
      );
    }
    progress.lastAt = at;
    while ((truth.times[progress.next] ?? Infinity) < at) progress.next++;
    if (truth.times[progress.next] !== at) {
      this.#extra++;
      return this.#note('extra', `${describe(truth.key, at)} is ${value}, and nothing was taken then`);
    }
    found[progress.next] = 1;
    const expected = truth.values[progress.next] ?? Number.NaN;
    if (isSame(value, expected, this.#limits, progress.largest)) return;
    this.#wrong++;
    this.#note('wrong', `${describe(truth.key, at)} is ${value}, not ${expected}`);
  }

  #countMissing({ key, times, values }: TrueSeries, found: Uint8Array): number {
    let missing = 0;
    for (let i = 0; i < found.length; i++) {
      if (found[i] === 1 || (!this.#limits.keepsNaN && Number.isNaN(values[i]))) continue;
      if (missing === 0) this.#note('missing', `${describe(key, times[i] ?? 0)} and maybe more of it`);
      missing++;
    }
    return missing;
  }

  #note(what: 'missing' | 'wrong' | 'extra' | 'duplicated', text: string): void {
    const examples = this.#examples[what];
    if (examples.length < EXAMPLES_MAX) examples.push(`${what}: ${text}`);
  }
}

function isSame(
  a: number,
  b: number,
  { relative, absolute, ofLargest }: StoreLimits,
  largest: number,
): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const allowed = Math.max(absolute, ofLargest * largest, relative * Math.max(Math.abs(a), Math.abs(b)));
  return Math.abs(a - b) <= allowed;
}

function largestOf(values: Iterable<number>): number {
  let largest = 0;
  for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  return largest;
}

function describe(key: string, at: number): string {
  return `${readableKey(key)} at ${isoTime(at)}`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
