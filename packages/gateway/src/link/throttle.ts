/** Holds one connection back while its host is over a rate, and tells for how long it did. */
import type { HostRates } from '../limits/host-rates.ts';
import type { RateLimit } from '../limits/limit-name.ts';
import type { LinkObserver } from './observer.ts';

/** Between two looks, so that a host over its rate is not stopped and let go with each frame. */
const LOOK_MS_MIN = 50;
const LOOK_MS_MAX = 1000;

export interface ThrottleParts {
  readonly rates: Pick<HostRates, 'wait'>;
  readonly observer: Pick<LinkObserver, 'limited' | 'slowed'>;
  readonly uptimeMs: () => number;
  /** Called when it is time to look again. */
  readonly due: () => void;
}

export class Throttle {
  readonly #parts: ThrottleParts;
  #limit: RateLimit | null = null;
  /** Up to when the time was told. */
  #toldAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: ThrottleParts) {
    this.#parts = parts;
  }

  get isHolding(): boolean {
    return this.#limit !== null;
  }

  /** Finds out how the host stands now. */
  look(host: string): void {
    const { rates, observer, uptimeMs, due } = this.#parts;
    this.#tell(host);
    const wait = rates.wait(host);
    if (wait === null) {
      this.#limit = null;
      return;
    }
    if (this.#limit !== wait.limit) observer.limited(host, wait.limit);
    this.#limit = wait.limit;
    this.#toldAt = uptimeMs();
    if (this.#timer !== null) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        due();
      },
      Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, wait.ms)),
    );
    this.#timer.unref();
  }

  /** The connection is gone. */
  end(host: string): void {
    this.#tell(host);
    this.#limit = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #tell(host: string): void {
    if (this.#limit === null) return;
    const now = this.#parts.uptimeMs();
    if (now > this.#toldAt) this.#parts.observer.slowed(host, this.#limit, now - this.#toldAt);
    this.#toldAt = now;
  }
}
