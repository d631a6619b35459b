/**
 * One body that was sent to a scraper: what it held, and what is known of its arrival.
 *
 *     sent ── the whole body left ──► complete ── its connection carries another request ──► read
 *       └────────── the connection ended before ─────────┴────────────► lost
 *
 * Prometheus uses a connection again only when it has read a body to its end. That it was stored, too, is known when the
 * same scrape comes round again, since Prometheus scrapes, stores, and then waits: the cursor looks after that.
 */
import type { LogRange } from '../../ledger/ledger.ts';
import { intersect } from './place.ts';

/** Why samples are passed over and never served to a scraper. */
export type SkipReason = keyof typeof SKIPS;

/** By reason, what it means. */
const SKIPS = {
  /** Older than the replay window. */
  window: null,
  /** Removed from the ledger before the scraper took it. */
  retention: null,
  /** The client takes one point of a series at a time, and there were newer ones. */
  client: null,
  /** The host could not catch up within the budget, and is shown with its newest points only. */
  budget: null,
  /** Its shape no longer passes admission: the rules became stricter since it was stored. */
  inadmissible: null,
  /** The host was forgotten before the scraper took it. */
  forgotten: null,
  /** A rewind to a later place passed over it. */
  rewind: null,
};

export const SKIP_REASONS = Object.keys(SKIPS) as readonly SkipReason[];

/** Samples of a log, in its own count (`Position.samples`), that are passed over. */
export interface Skip {
  readonly reason: SkipReason;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** What a body has of one host. */
export interface HostServed {
  /** In order and apart; what was passed over in between counts as served. */
  readonly ranges: readonly LogRange[];
  readonly skips: readonly Skip[];
  /** The time of the newest entry in ms; 0 without any. */
  readonly newestAt: number;
  /** That of the last entry of the first range that has any: behind it something may be open still. */
  readonly throughAt: number;
}

export class Delivery {
  /** True when only a completed response tells of its arrival, since a proxy is in between. */
  readonly proxied: boolean;
  /** Whether its backlog is half of what the budget allowed, or more. */
  readonly usesBudget: boolean;
  /** By host. */
  readonly #served: Map<string, HostServed>;
  #state: 'sent' | 'complete' | 'read' | 'lost' = 'sent';
  /** When it was asked for, in ms of uptime; set where it is kept. */
  sentAt = 0;
  /** By host, how often it was repeated, and since when often enough, in ms of uptime. */
  readonly #repeats = new Map<string, { count: number; enoughAt: number }>();
  readonly #proven = new Set<string>();

  constructor(
    served: ReadonlyMap<string, HostServed>,
    facts: { readonly proxied: boolean; readonly usesBudget: boolean },
  ) {
    this.#served = new Map(served);
    this.proxied = facts.proxied;
    this.usesBudget = facts.usesBudget;
  }

  get served(): ReadonlyMap<string, HostServed> {
    return this.#served;
  }

  get isComplete(): boolean {
    return this.#state === 'complete' || this.#state === 'read';
  }

  get isRead(): boolean {
    return this.#state === 'read';
  }

  get isLost(): boolean {
    return this.#state === 'lost';
  }

  /** What was repeated for long enough: see `repeated`. */
  get proven(): ReadonlySet<string> {
    return this.#proven;
  }

  /** The whole body was handed to the system. */
  completed(): void {
    if (this.#state === 'sent') this.#state = 'complete';
  }

  /** Its connection carries another request. */
  reused(): void {
    if (this.#state === 'complete') this.#state = 'read';
    // A body that is not complete is followed by nothing on its connection; if it is, nothing is known.
  }

  /**
   * A later body of the same scope was complete. Of each host that it holds, too, what both hold is repeated, and the rest of
   * this one will be proven by others. A host that it does not hold had no turn, which says nothing.
   * @param now in ms of uptime
   * @param terms a host is proven by so many repeats, and by one that comes so long after them
   */
  repeated(by: Delivery, now: number, terms: { readonly enough: number; readonly ms: number }): void {
    for (const [host, served] of this.#served) {
      const again = by.served.get(host);
      if (again === undefined || this.#proven.has(host)) continue;
      const ranges = intersect(served.ranges, again.ranges);
      if (ranges.length === 0) {
        this.#served.delete(host);
        continue;
      }
      if (ranges !== served.ranges)
        this.#served.set(host, {
          ...served,
          ranges,
          newestAt: Math.min(served.newestAt, again.newestAt),
          throughAt: Math.min(served.throughAt, again.throughAt),
        });
      const proof = this.#repeats.get(host) ?? { count: 0, enoughAt: now };
      this.#repeats.set(host, proof);
      proof.count++;
      if (proof.count === terms.enough) proof.enoughAt = now;
      if (proof.count >= terms.enough && now - proof.enoughAt >= terms.ms) this.#proven.add(host);
    }
  }

  /** The host's log is gone. */
  forget(host: string): void {
    this.#served.delete(host);
    this.#proven.delete(host);
  }

  /** It was given up before it was whole. */
  failed(): void {
    if (this.#state === 'sent') this.#state = 'lost';
  }

  /** Its connection is gone. Behind a proxy that says nothing about a complete body. */
  disconnected(): void {
    this.failed();
    if (this.#state === 'complete' && !this.proxied) this.#state = 'lost';
  }
}
