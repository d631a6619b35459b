/** Calls a function at the host's ticks, on the corrected clock. Timers are only ever set for short times. */
import { nextTick, phaseOf } from './sampler/ticks.ts';
import { STEP_MS } from './sampler/timekeeper.ts';

export interface TickerOptions {
  readonly host: string;
  readonly now: () => number;
  /** Asked before each tick, for it may change. */
  readonly intervalMs: () => number;
  /**
   * A tick that is not taken: it was due while the one before was still being taken, or passed whole while the process
   * did not run.
   */
  readonly onMissed: () => void;
  /**
   * Never fails: what can go wrong with a tick is handled within it.
   * @param isLate when it begins late, by more than a tenth of the interval: the process did not get to it.
   * @param lateMs by how much it does
   */
  readonly onTick: (isLate: boolean, lateMs: number) => Promise<void>;
  /** In ms. What a clock was set by is not lateness, so it is measured on one that nobody sets. */
  readonly monotonic: () => number;
}

/** A tick that begins later than this share of the interval is late. */
const LATE_SHARE = 0.1;

/** The first tick, which has no fixed time, keeps away from the next one by this share of the interval. */
const FIRST_SHARE = 0.25;

/**
 * A clock may step while a timer runs: it is looked at again at least so often. Being woken for it is a good part of what an idle
 * reporter costs: a third of a millisecond each time.
 */
const LOOK_MS = 2_500;

export class Ticker {
  readonly #options: TickerOptions;
  #timer: NodeJS.Timeout | null = null;
  #due = 0;
  #running: Promise<void> | null = null;
  #hasTicked = false;
  /** The next tick is not further away than so many intervals. */
  #aheadMax = 1;

  constructor(options: TickerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#plan();
  }

  /** The time is right now: if there was no tick yet, the first one is taken at once, and need not wait for the host's phase. */
  first(): void {
    if (this.#timer === null || this.#hasTicked) return;
    clearTimeout(this.#timer);
    this.#take(false, 0);
    const { now, intervalMs } = this.#options;
    this.#plan(now() + intervalMs() * FIRST_SHARE, 1 + FIRST_SHARE);
  }

  /** Sets no more timers, and waits for a tick that is being taken. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  /** @param after the tick that was due last, since the clock is steered, and may have just gone back before it. */
  #plan(after = Number.NEGATIVE_INFINITY, aheadMax = 1): void {
    const { host, now, intervalMs } = this.#options;
    const interval = intervalMs();
    this.#aheadMax = aheadMax;
    this.#due = nextTick(Math.max(now(), after), interval, phaseOf(host, interval));
    this.#wait(0);
  }

  /** @param lateMs how much later than it was to be this look comes. */
  #wait(lateMs: number): void {
    const leftMs = this.#due - this.#options.now();
    const interval = this.#options.intervalMs();
    if (leftMs <= 0) {
      // The look may have been meant for a moment before the tick, and a clock may have stepped: the less of the two.
      const tickLateMs = Math.min(lateMs, -leftMs);
      for (let passed = Math.floor(tickLateMs / interval); passed > 0; passed--) this.#options.onMissed();
      return this.#tick(tickLateMs > interval * LATE_SHARE, tickLateMs);
    }
    // The clock stepped back, or the interval became shorter: what is due is further away than it can be.
    if (leftMs > interval * this.#aheadMax + STEP_MS) return this.#plan();
    const { monotonic } = this.#options;
    const waitMs = Math.min(leftMs, LOOK_MS);
    const from = monotonic();
    this.#timer = setTimeout(() => this.#wait(monotonic() - from - waitMs), waitMs);
  }

  #tick(isLate: boolean, lateMs: number): void {
    this.#take(isLate, lateMs);
    this.#plan(this.#due);
  }

  #take(isLate: boolean, lateMs: number): void {
    this.#hasTicked = true;
    if (this.#running === null) {
      this.#running = this.#options.onTick(isLate, lateMs).finally(() => {
        this.#running = null;
      });
    } else this.#options.onMissed();
  }
}
