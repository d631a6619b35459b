/** Over which limits a host is, and since when. */
import type { HostLimit, RateLimit } from '../limits/limit-name.ts';

export interface LimitInForce {
  readonly limit: HostLimit;
  /** When it was first passed of the times that followed one another, in ms. */
  readonly since: number;
  /** When it was passed last. */
  readonly last: number;
}

/** A limit that was not passed for so long is no longer in force: longer than reporters pause between two batches. */
const IN_FORCE_MS = 2 * 60_000;

export class Limited {
  readonly #passed = new Map<HostLimit, { since: number; last: number }>();
  /** How often something was turned away, or the host had to wait. */
  readonly counts = new Map<HostLimit, number>();
  /** For how long the host was held back. */
  readonly slowedMs = new Map<RateLimit, number>();

  passed(limit: HostLimit, now: number): void {
    this.counts.set(limit, (this.counts.get(limit) ?? 0) + 1);
    this.#note(limit, now);
  }

  slowed(limit: RateLimit, ms: number, now: number): void {
    this.slowedMs.set(limit, (this.slowedMs.get(limit) ?? 0) + ms);
    this.#note(limit, now);
  }

  /** The longest in force first. */
  inForce(now: number): LimitInForce[] {
    const all = [...this.#passed].map(([limit, times]) => ({ limit, ...times }));
    return all.filter(({ last }) => now - last <= IN_FORCE_MS).sort((a, b) => a.since - b.since);
  }

  /** The gateway's clock was set by so much. */
  clockStepped(stepMs: number): void {
    for (const times of this.#passed.values()) {
      times.since += stepMs;
      times.last += stepMs;
    }
  }

  #note(limit: HostLimit, now: number): void {
    const known = this.#passed.get(limit);
    if (known !== undefined && now - known.last <= IN_FORCE_MS) known.last = now;
    else this.#passed.set(limit, { since: now, last: now });
  }
}
