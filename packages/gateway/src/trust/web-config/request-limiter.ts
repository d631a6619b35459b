/** `rate_limit` of the web configuration: a bucket that begins full, as Go's `rate.Limiter` does. */
import type { RateLimit } from './web-config.ts';

export class RequestLimiter {
  readonly #limit: () => RateLimit | null;
  readonly #uptimeMs: () => number;
  #known: RateLimit | null = null;
  #tokens = 0;
  #filledAt = 0;

  /** @param limit as it is now; the bucket begins anew with another one. @param uptimeMs milliseconds that never step. */
  constructor(limit: () => RateLimit | null, uptimeMs: () => number) {
    this.#limit = limit;
    this.#uptimeMs = uptimeMs;
  }

  /** Whether one more request may be answered, which then counts. */
  take(): boolean {
    const limit = this.#limit();
    if (limit === null) return true;
    const now = this.#uptimeMs();
    if (limit.burst !== this.#known?.burst || limit.intervalMs !== this.#known.intervalMs) {
      this.#known = limit;
      this.#tokens = limit.burst;
      this.#filledAt = now;
    }
    this.#tokens = Math.min(limit.burst, this.#tokens + (now - this.#filledAt) / limit.intervalMs);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Seconds after which it is worth coming again, for `Retry-After`. */
  get retrySeconds(): number {
    return Math.max(1, Math.ceil((this.#limit()?.intervalMs ?? 0) / 1000));
  }
}
