/** Watches how old the newest point of some hosts gets in a Prometheus. */
import type { Prometheus } from './prometheus.ts';

export interface Lag {
  readonly observations: number;
  /** The oldest that any host's newest point was at any look. */
  readonly maxMs: number;
}

const EVERY_MS = 500;
/** A host that has no point in this time is not found by an instant query. */
const LOOK_BACK_MS = 5 * 60_000;

export class Freshness implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #observations = 0;
  #maxMs = 0;
  #isLooking = false;

  /** @param hosts a pattern; each of them has a series of the name `node_load1`. */
  constructor(prometheus: Prometheus, hosts: string) {
    const query = `min(timestamp(node_load1{host=~"${hosts}"}))`;
    this.#timer = setInterval(() => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      const now = Date.now();
      prometheus
        .number(query, now)
        .then((seconds) => this.#note(Math.min(now - seconds * 1000, LOOK_BACK_MS)))
        // A Prometheus that is too busy to answer is asked again.
        .catch(() => {})
        .finally(() => {
          this.#isLooking = false;
        });
    }, EVERY_MS);
  }

  stop(): Lag {
    clearInterval(this.#timer);
    return { observations: this.#observations, maxMs: Math.round(this.#maxMs) };
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #note(lagMs: number): void {
    this.#observations++;
    this.#maxMs = Math.max(this.#maxMs, lagMs);
  }
}
