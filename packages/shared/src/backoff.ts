/** Exponential backoff with full jitter: after a gateway's restart, a fleet must not come back in one instant. */

export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** The next pause in ms, uniform between 0 and `initialMs × 2^attempts`, the latter capped at `maxMs`. */
  next(): number {
    const { initialMs, maxMs, random } = this.#options;
    const ceilingMs = Math.min(maxMs, initialMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts++;
    return Math.round(random() * ceilingMs);
  }

  /** About `ms`, uniform between half of it and one and a half: for what is tried seldom. */
  about(ms: number): number {
    return Math.round(ms * (0.5 + this.#options.random()));
  }

  /** To be called once a connection has proved itself, not when it merely opened. */
  reset(): void {
    this.#attempts = 0;
  }
}
