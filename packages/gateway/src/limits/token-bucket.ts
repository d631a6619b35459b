/**
 * A rate with a reserve. What has come has come, so a bucket is drawn on also when it is empty; it then says how long whoever
 * draws on it has to wait until it is even again.
 */
export class TokenBucket {
  #perMs: number;
  #capacity: number;
  #level: number;
  #at: number;

  /**
   * @param capacity what can be saved up; a new bucket has it.
   * @param now in ms of uptime, as everywhere here.
   */
  constructor(perSecond: number, capacity: number, now: number) {
    this.#perMs = perSecond / 1000;
    this.#capacity = capacity;
    this.#level = capacity;
    this.#at = now;
  }

  /** From now on by another rate: what was saved up is kept as far as there is room, and what is owed stays owed. */
  change(perSecond: number, capacity: number, now: number): void {
    this.#fill(now);
    this.#perMs = perSecond / 1000;
    this.#capacity = capacity;
    this.#level = Math.min(this.#level, capacity);
  }

  take(amount: number, now: number): void {
    this.#fill(now);
    this.#level -= amount;
  }

  /** In ms until nothing is owed; 0 for now. */
  waitMs(now: number): number {
    this.#fill(now);
    return this.#level >= 0 ? 0 : -this.#level / this.#perMs;
  }

  /** Whether so much is there. */
  has(amount: number, now: number): boolean {
    this.#fill(now);
    return this.#level >= amount;
  }

  /** Nothing distinguishes it from a new one. */
  isFull(now: number): boolean {
    return this.has(this.#capacity, now);
  }

  #fill(now: number): void {
    if (now <= this.#at) return;
    this.#level = Math.min(this.#capacity, this.#level + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
