/**
 * The newest answer of something that is too slow for a tick: a program, a child. A tick starts a question when it is time
 * for one, does not wait for it, and tells what the question before has found; only the first tick waits. There is never
 * more than one under way, so what hangs costs no more than one process.
 */

export interface LatestOptions<T> {
  readonly ask: () => Promise<T>;
  /** Least time from one question to the next. */
  readonly everyMs: number;
  /** How long an answer is told for want of a newer one. */
  readonly staleMs: number;
  /** In ms, never set. */
  readonly monotonic: () => number;
  /** The host's clock, in ms since 1970. */
  readonly now: () => number;
}

export interface Reading<T> {
  readonly value: T;
  /** Tells answers apart: it rises with each. */
  readonly id: number;
  /**
   * How long ago it came, in ms; null when that is not known, since the host slept or its clock was set meanwhile.
   */
  readonly ageMs: number | null;
}

interface Kept<T> {
  readonly value: T;
  readonly id: number;
  readonly mono: number;
  readonly wall: number;
}

/** How far two clocks may drift apart over an answer's life. */
const DRIFT_MS_MAX = 500;

export class Latest<T> {
  readonly #options: LatestOptions<T>;
  #asking: Promise<void> | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  #kept: Kept<T> | null = null;
  #error: Error | null = null;
  #count = 0;

  constructor(options: LatestOptions<T>) {
    this.#options = options;
  }

  /**
   * Waits only while there has been neither an answer nor an error yet.
   * @throws what the newest question has met, when there is no answer that is not stale.
   */
  async read(): Promise<Reading<T>> {
    const { everyMs, staleMs, monotonic, now } = this.#options;
    if (this.#asking === null && monotonic() - this.#askedAt >= everyMs) this.#asking = this.#ask();
    if (this.#kept === null && this.#error === null) await this.#asking;
    const kept = this.#kept;
    if (kept === null) throw this.#error ?? new Error('there is no answer yet');
    const monoMs = monotonic() - kept.mono;
    const wallMs = now() - kept.wall;
    const ageMs = Math.abs(monoMs - wallMs) > DRIFT_MS_MAX ? null : monoMs;
    if (Math.max(monoMs, wallMs) > staleMs) {
      throw this.#error ?? new Error(`there was no answer for ${Math.round(staleMs / 1000)} s`);
    }
    return { value: kept.value, id: kept.id, ageMs };
  }

  async #ask(): Promise<void> {
    const { ask, monotonic, now } = this.#options;
    this.#askedAt = monotonic();
    try {
      const value = await ask();
      this.#kept = { value, id: ++this.#count, mono: monotonic(), wall: now() };
      this.#error = null;
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#asking = null;
    }
  }
}
