/**
 * How fast a host may send. What it sends is always taken: a host over its rate is slowed, by not reading from it and by holding
 * its acks back, so that its samples wait in its own spool (docs/LIMITS.md, "Slowed, not refused").
 *
 * Kept by the host's name, since a new connection must not begin with a new reserve.
 */
import { BoundedBuckets } from './bounded-buckets.ts';
import type { RateLimit } from './limit-name.ts';
import { TokenBucket } from './token-bucket.ts';

export interface RateLimits {
  readonly samplesPerSecond: number;
  readonly newSeriesPerMinute: number;
}

/** A host may save up so much time of either rate. A day of 500 series at 10 s is 4.3 million samples; 50 s are 10 million. */
const SAMPLES_SAVED_SECONDS = 50;
/** Six restatements of all the series that a host may have. */
const NEW_SERIES_SAVED_MINUTES = 2;
/** A reporter that is sent away waits half a second and longer each time; a crashing one is started again by its service manager. */
const HELLOS_PER_SECOND = 1;
const HELLOS_SAVED = 20;
/** Hosts whose rates are remembered; a full bucket needs no memory. */
const HOSTS_MAX = 20_000;

export interface Wait {
  readonly limit: RateLimit;
  readonly ms: number;
}

type Terms = readonly [perSecond: number, capacity: number];

const samplesOf = ({ samplesPerSecond }: RateLimits): Terms => [
  samplesPerSecond,
  samplesPerSecond * SAMPLES_SAVED_SECONDS,
];

const newSeriesOf = ({ newSeriesPerMinute }: RateLimits): Terms => [
  newSeriesPerMinute / 60,
  newSeriesPerMinute * NEW_SERIES_SAVED_MINUTES,
];

class Rates {
  readonly samples: TokenBucket;
  readonly newSeries: TokenBucket;
  readonly hellos: TokenBucket;

  constructor(limits: RateLimits, now: number) {
    this.samples = new TokenBucket(...samplesOf(limits), now);
    this.newSeries = new TokenBucket(...newSeriesOf(limits), now);
    this.hellos = new TokenBucket(HELLOS_PER_SECOND, HELLOS_SAVED, now);
  }

  update(limits: RateLimits, now: number): void {
    this.samples.change(...samplesOf(limits), now);
    this.newSeries.change(...newSeriesOf(limits), now);
  }

  isFull(now: number): boolean {
    return this.samples.isFull(now) && this.newSeries.isFull(now) && this.hellos.isFull(now);
  }
}

export class HostRates {
  readonly #uptimeMs: () => number;
  readonly #limits: () => RateLimits;
  readonly #rates: BoundedBuckets<Rates>;

  /** @param limits asked for each host that is not remembered. */
  constructor(limits: () => RateLimits, uptimeMs: () => number) {
    this.#uptimeMs = uptimeMs;
    this.#limits = limits;
    this.#rates = new BoundedBuckets((now) => new Rates(limits(), now), HOSTS_MAX);
  }

  /** The limits may have changed: every host goes on by the new ones, with what it has saved up, or owes. */
  update(): void {
    const limits = this.#limits();
    const now = this.#uptimeMs();
    for (const rates of this.#rates.values()) rates.update(limits, now);
  }

  /** @param amount in samples, as `frameCost` counts them. */
  takeSamples(host: string, amount: number): void {
    const now = this.#uptimeMs();
    this.#rates.use(host, now).samples.take(amount, now);
  }

  /** @param amount in series, as `seriesCost` counts them. */
  takeNewSeries(host: string, amount: number): void {
    const now = this.#uptimeMs();
    this.#rates.use(host, now).newSeries.take(amount, now);
  }

  /** The host says hello. @returns 0 when it may; else it is not counted, and may come again in so many ms. */
  takeHello(host: string): number {
    const now = this.#uptimeMs();
    const { hellos } = this.#rates.use(host, now);
    if (!hellos.has(1, now)) return 1000 / HELLOS_PER_SECOND;
    hellos.take(1, now);
    return 0;
  }

  /** How long the host has to wait, and for which limit; null when it is within all. */
  wait(host: string): Wait | null {
    const rates = this.#rates.find(host);
    if (rates === undefined) return null;
    const now = this.#uptimeMs();
    const samplesMs = rates.samples.waitMs(now);
    const seriesMs = rates.newSeries.waitMs(now);
    if (samplesMs === 0 && seriesMs === 0) return null;
    return samplesMs >= seriesMs
      ? { limit: 'samples', ms: samplesMs }
      : { limit: 'new_series', ms: seriesMs };
  }
}

/** The least that any frame counts for: it is decoded, judged and written, however little is in it. */
const FRAME_SAMPLES_MIN = 100;
/** Characters of a frame that count for a sample: decoding takes time by the character. */
const CHARS_PER_SAMPLE = 20;

/** What a frame costs, in samples. */
export function frameCost(samples: number, bytes: number): number {
  return Math.max(FRAME_SAMPLES_MIN, samples, Math.ceil(bytes / CHARS_PER_SAMPLE));
}

/** What losses that a hello tells cost, in samples: each is written as a frame of its own would be. */
export function lossesCost(losses: number): number {
  return losses * FRAME_SAMPLES_MIN;
}

/** Characters of a shape that count for a series. */
const CHARS_PER_SERIES = 256;

/** What a shape costs to hold, in series: labels may be long. */
export function seriesCost(series: number, body: string): number {
  return Math.max(1, series, Math.ceil(body.length / CHARS_PER_SERIES));
}
