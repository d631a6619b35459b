/**
 * How often the host is sampled. A fixed interval stays as it was set; `auto` is quick while the host has CPU to spare and
 * slow while it has not, since a reporter that takes its share from a host in trouble makes it worse. A gateway may wish
 * for a slower pace in both cases, and never for a quicker one.
 */

/** Milliseconds, or `auto`. */
export type IntervalSetting = number | 'auto';

/** What `auto` chooses from, in ms: the first is where it begins and comes back to. */
export const AUTO_INTERVALS_MS = [5_000, 10_000, 20_000, 30_000] as const;

/** A gateway may wish for a slower pace, but not for silence: Prometheus takes a series for gone after so long. */
export const WISH_MS_MAX = 5 * 60_000;

/** However slow: a query sees a sample for five minutes, and one that fails must not make a series vanish. */
export const SLOWED_MS_MAX = 150_000;

/** How short of CPU the host is: `short` and `calm` leave room between them, so that the pace does not swing. */
export type Shortage = 'short' | 'between' | 'calm';

export type PaceChange = 'short of CPU' | 'a tick began late' | 'CPU to spare';

/** So long it has to be calm for one step back. A shortage counts at once. */
export const CALM_MS = 60_000;

export interface PaceParts {
  /** Asked anew each time. */
  readonly interval: () => IntervalSetting;
  /** Asked at every tick, and only with `auto`. Never fails. */
  readonly shortage: () => Shortage;
  /** Monotonic, in ms. */
  readonly monotonic: () => number;
  /** What the interval is multiplied by while the reporter itself takes too much: see straining.ts. */
  readonly slowdown: () => number;
  /** Told of each change that `auto` makes, and why. */
  readonly onChange: (fromMs: number, toMs: number, why: PaceChange) => void;
}

export class Pace {
  readonly #parts: PaceParts;
  #wishMs = 0;
  #step = 0;
  #calmSince: number | null = null;

  constructor(parts: PaceParts) {
    this.#parts = parts;
  }

  get intervalMs(): number {
    const interval = this.#parts.interval();
    return this.paced(interval === 'auto' ? this.#chosenMs : interval);
  }

  /** What an interval is at present: slower while the reporter takes too much, or the gateway wishes it. */
  paced(intervalMs: number): number {
    const slowedMs = Math.min(intervalMs * this.#parts.slowdown(), SLOWED_MS_MAX);
    return Math.max(intervalMs, slowedMs, this.#wishMs);
  }

  /** The gateway's wish, which holds until it has another; 0 takes it back. */
  wish(intervalMs: number): void {
    this.#wishMs = Math.min(intervalMs, WISH_MS_MAX);
  }

  /** To be called at every tick. @param isLate when it began late, which is as good a sign as any. */
  observe(isLate: boolean): void {
    const { interval, shortage, monotonic } = this.#parts;
    if (interval() !== 'auto') {
      this.#step = 0;
      return;
    }
    const state = isLate ? 'short' : shortage();
    if (state !== 'calm') this.#calmSince = null;
    if (state === 'short') this.#go(1, isLate ? 'a tick began late' : 'short of CPU');
    if (state !== 'calm') return;
    const now = monotonic();
    this.#calmSince ??= now;
    if (now - this.#calmSince < CALM_MS) return;
    this.#calmSince = now;
    this.#go(-1, 'CPU to spare');
  }

  get #chosenMs(): number {
    return AUTO_INTERVALS_MS[this.#step] ?? AUTO_INTERVALS_MS[0];
  }

  #go(steps: 1 | -1, why: PaceChange): void {
    const to = Math.min(Math.max(this.#step + steps, 0), AUTO_INTERVALS_MS.length - 1);
    if (to === this.#step) return;
    const fromMs = this.#chosenMs;
    this.#step = to;
    this.#parts.onChange(fromMs, this.#chosenMs, why);
  }
}
