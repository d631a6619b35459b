/**
 * Keeps a flood of packets or pushes from holding up the sampler: no more than a share of each stretch of time goes into
 * reading them. Between two packets the event loop comes to its timers, since libuv reads no more than 32 of them at a turn.
 */
export interface BudgetOptions {
  readonly stretchMs: number;
  /** Of each stretch, at most so much is spent. */
  readonly shareMs: number;
}

/** For many small pieces, which nobody repeats. */
export const WORK_BUDGET: BudgetOptions = { stretchMs: 100, shareMs: 50 };
/** For fewer large ones, many of which may come in the same second of the clock. */
export const PUSH_BUDGET: BudgetOptions = { stretchMs: 1_000, shareMs: 500 };

export class WorkBudget {
  readonly #options: BudgetOptions;
  #stretchBegan = Number.NEGATIVE_INFINITY;
  #spentMs = 0;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** @param now monotonic, in ms. */
  isSpent(now: number): boolean {
    const { stretchMs, shareMs } = this.#options;
    const passedMs = now - this.#stretchBegan;
    if (passedMs >= stretchMs) {
      this.#stretchBegan = now;
      // A piece may cost more than a stretch has for all of them: the next ones pay for it.
      this.#spentMs = Math.max(0, this.#spentMs - Math.floor(passedMs / stretchMs) * shareMs);
    }
    return this.#spentMs >= shareMs;
  }

  spend(ms: number): void {
    this.#spentMs += ms;
  }
}
