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
  /** The time of the newest entry in ms. */
  readonly newestAt: number;
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
  /** In ms of uptime. */
  #completeAt = Number.POSITIVE_INFINITY;
  /** Later bodies of the same scope that were complete. */
  readonly #repeats: Delivery[] = [];
  #repeatedAt = Number.POSITIVE_INFINITY;

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

  get completeAt(): number {
    return this.#completeAt;
  }

  /** When as many complete bodies as are enough had come after it, in ms of uptime. */
  get repeatedAt(): number {
    return this.#repeatedAt;
  }

  /** Whether every body that repeated this one held as much of the host: one may be smaller. */
  isRepeated(host: string): boolean {
    const ranges = this.#served.get(host)?.ranges ?? [];
    return this.#repeats.every((later) => {
      const again = later.served.get(host)?.ranges ?? [];
      return ranges.every((range) => again.some((other) => holds(other, range)));
    });
  }

  /** The whole body was handed to the system. @param now in ms of uptime */
  completed(now: number): void {
    if (this.#state !== 'sent') return;
    this.#state = 'complete';
    this.#completeAt = now;
  }

  /** Its connection carries another request. */
  reused(): void {
    if (this.#state === 'complete') this.#state = 'read';
    // A body that is not complete is followed by nothing on its connection; if it is, nothing is known.
  }

  /** A later body of the same scope was complete. @param enough no more of them need be remembered */
  repeated(by: Delivery, enough: number): void {
    if (this.#repeats.length >= enough) return;
    this.#repeats.push(by);
    if (this.#repeats.length === enough) this.#repeatedAt = by.completeAt;
  }

  /** The host's log is gone. */
  forget(host: string): void {
    this.#served.delete(host);
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

function holds(range: LogRange, other: LogRange): boolean {
  return range.after.offset <= other.after.offset && range.through.offset >= other.through.offset;
}
