/**
 * How many bodies are in the making at a time. Whoever comes beyond that waits, in the order of coming: sixty targets of
 * one Prometheus may well come in one instant, and none of them is to be turned away for that. Nobody waits without bound.
 */
export class Slots {
  readonly #max: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(max: number, waitingMax: number) {
    this.#max = max;
    this.#waitingMax = waitingMax;
  }

  /** True when there is no place, not even to wait. */
  get isFull(): boolean {
    return this.#taken >= this.#max && this.#waiting.length >= this.#waitingMax;
  }

  /** Waits for a slot. To be given back by `give`, whatever happens. */
  take(): Promise<void> {
    if (this.#taken < this.#max) {
      this.#taken++;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    // The slot goes from hand to hand.
    if (next !== undefined) next();
    else this.#taken--;
  }
}
