/**
 * Keeps a flood of packets from holding up the sampler: no more than a share of each stretch of time goes into reading
 * them. Between two packets the event loop comes to its timers, since libuv reads no more than 32 of them at a turn.
 */
export interface BudgetOptions {
  readonly stretchMs: number;
  /** Of each stretch, at most so much is spent. */
  readonly shareMs: number;
}

export const WORK_BUDGET: BudgetOptions = { stretchMs: 100, shareMs: 50 };

export class WorkBudget {
  readonly #options: BudgetOptions;
  #stretchBegan = Number.NEGATIVE_INFINITY;
  #spentMs = 0;

  constructor(options: BudgetOptions = WORK_BUDGET) {
    this.#options = options;
  }

  /** @param now monotonic, in ms. */
  isSpent(now: number): boolean {
    const { stretchMs, shareMs } = this.#options;
    if (now - this.#stretchBegan >= stretchMs) {
      this.#stretchBegan = now;
      this.#spentMs = 0;
    }
    return this.#spentMs >= shareMs;
  }

  spend(ms: number): void {
    this.#spentMs += ms;
  }
}
