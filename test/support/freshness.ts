/** Watches how old the newest point of some hosts gets in a Prometheus. */
import type { Prometheus } from './prometheus.ts';

export interface Lag {
  readonly observations: number;
  /** The oldest that any host's newest point was at any look. */
  readonly maxMs: number;
}

const EVERY_MS = 500;
/** A look back further than any lag that could still be told from none. */
const RANGE = '10m';

export class Freshness implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #observations = 0;
  #maxMs = 0;
  #isLooking = false;

  /** @param hosts a pattern; each of them has a series of the name `node_load1`. */
  constructor(prometheus: Prometheus, hosts: string) {
    const query = `min(max_over_time(timestamp(node_load1{host=~"${hosts}"})[${RANGE}:500ms]))`;
    this.#timer = setInterval(() => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      const now = Date.now();
      prometheus
        .number(query, now)
        .then((seconds) => this.#note(now - seconds * 1000))
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
