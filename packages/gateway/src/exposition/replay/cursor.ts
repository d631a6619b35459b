/**
 * One scraper's cursor: where it stands in every host's log, what was sent to it and is not proven taken, and where it
 * stood a while ago.
 *
 * **Taken.** A body is taken when it was read (`Delivery`) and the same scrape, that is the same scope of this cursor,
 * has come again on whatever connection: only then has the scraper stored what it read. Places move when a body is taken
 * and at no other time, so what is not taken is served again, which Prometheus ignores.
 *
 * **Behind a proxy** a connection proves nothing, for the proxy reads on when its own client is dead. There a body counts as
 * taken when it was complete, two later complete bodies have held the same again, and so has one when the overlap had passed
 * since: all four would have to be lost in the proxy. Time alone proves nothing, for the scraper may have lost its power and
 * been away. It is looked at host by host, since not every body holds all of them. So places trail by the overlap and some
 * scrapes, and every point is served several times.
 *
 * **Overlap.** Prometheus does not fsync what it stored at each scrape, and a new connection may be that of a Prometheus
 * which lost its last minutes with its power. So with a new connection the places of its scope step back to where they
 * were `overlapMs` before that scope was last heard of (`History`), and move on from there as they are taken again. What is
 * saved, and told to reporters as delivered, is as old for the same reason: after a restart of the gateway every connection
 * is new.
 */
import { type CursorKey, LOG_START, type Place, type Position } from '../../ledger/ledger.ts';
import { type Delivery, type HostServed, SKIP_REASONS, type SkipReason } from './delivery.ts';
import { History } from './history.ts';
import { lower, lowestUntaken, NOTHING_TAKEN, pendingSamples, take, untakenWithin } from './place.ts';
import { type Scope, type ScopeKey, Scopes, singleHostOf } from './scopes.ts';

const NOTHING_SERVED: HostServed = { ranges: [], skips: [], newestAt: 0, throughAt: 0 };
/** Bodies of a scope whose fate is open; the oldest is given up for more. */
const DELIVERIES_MAX = 8;
const PROXIED_DELIVERIES_MAX = 32;
/** Scopes that were not asked for so long before the last scrape are asked for no more. */
const LATE_MS = 5 * 60_000;
/** A scraper that asked for a host within this would miss what it does not get. */
const MISSED_MS = 3_600_000;
/** Of bodies that came through a proxy, so many are kept of each overlap. */
const PROXIED_PER_OVERLAP = 6;
/** No scrape is prepared for longer. */
const FORGOTTEN_MS = 10 * 60_000;
/** Complete bodies that must have held the same again before one that came through a proxy counts as taken. */
const PROXIED_REPEATS = 2;

/** Who asks: see `Client`. */
export interface Asking {
  readonly timeoutMs: number;
  readonly proxied: boolean;
  /** When its connection began, in ms of uptime. */
  readonly connectedAt: number;
  /** How much the budget may be for this one. */
  readonly pointsMax: number;
}

export interface CursorOptions {
  readonly overlapMs: number;
}

export class Cursor {
  readonly key: CursorKey;
  /** In ms since 1970. */
  readonly createdAt: number;
  /** When it was used last, in ms since 1970. */
  seenAt: number;
  readonly expired = new Map<SkipReason, number>(SKIP_REASONS.map((reason) => [reason, 0]));
  takenSamples = 0;
  readonly #options: CursorOptions;
  #places: Map<string, Place>;
  readonly #history: History;
  /** Everything that was taken at any time, steps back or not: what is counted is counted once. */
  readonly #counted: Map<string, Place>;
  readonly #scopes = new Scopes();
  #askedAt: number;
  #wasAsked = false;
  /** About where its places are where nothing better is known, in ms since 1970. */
  #takenUntil: number;
  readonly #startedAt: number;
  /** Hosts whose logs are gone, and when that was noticed, in ms of uptime. */
  #forgotten: { readonly host: string; readonly at: number }[] = [];
  /** The time of the newest entry that was taken of a host, in ms since 1970. */
  readonly #newestAt = new Map<string, number>();
  /** The time of the last entry that was taken of a host before anything that is not, in ms since 1970. */
  readonly #throughAt = new Map<string, number>();

  constructor(
    key: CursorKey,
    places: ReadonlyMap<string, Place>,
    times: {
      readonly createdAt: number;
      readonly seenAt: number;
      /** About where the places are, in ms since 1970. */
      readonly takenUntil: number;
      /** Now, in ms. */
      readonly uptime: number;
    },
    options: CursorOptions,
  ) {
    this.key = key;
    this.createdAt = times.createdAt;
    this.seenAt = times.seenAt;
    this.#options = options;
    this.#places = new Map(places);
    this.#counted = new Map(places);
    this.#history = new History(options.overlapMs);
    this.#takenUntil = times.takenUntil;
    this.#askedAt = times.uptime;
    this.#startedAt = times.uptime;
  }

  place(host: string): Place {
    return this.#places.get(host) ?? NOTHING_TAKEN;
  }

  /** The time of the newest entry that it has taken of a host; 0 when that is not known. */
  newestAt(host: string): number {
    return this.#newestAt.get(host) ?? 0;
  }

  /** About where its places were when it was made or set, in ms since 1970. */
  get beginsAt(): number {
    return this.#takenUntil;
  }

  /** About up to when it has taken all of a host's log, in ms since 1970; null for a host that came after it. */
  takenUntil(host: string): number | null {
    return this.#throughAt.get(host) ?? (this.#places.has(host) ? this.#takenUntil : null);
  }

  /** Where it stands in a host's log for certain, even if the scraper loses its power now. */
  safePlace(host: string): Place {
    const place = this.place(host);
    // Not when any scope was asked for last: the host's own would step back by the overlap from when it was itself.
    const askedAt = this.#scopes.lastAskedFor(host);
    return lower(place, this.#history.at(host, askedAt - this.#options.overlapMs, place));
  }

  /** `safePlace` of every host. A place that has not changed is the same object as before. */
  safePlaces(): ReadonlyMap<string, Place> {
    const places = new Map<string, Place>();
    for (const host of this.#places.keys()) places.set(host, this.safePlace(host));
    return places;
  }

  /** When it was asked last, in ms of uptime; when it was made, if never. */
  get askedAt(): number {
    return this.#askedAt;
  }

  /** Whether it was asked since it was made or loaded. */
  get wasAsked(): boolean {
    return this.#wasAsked;
  }

  /** Samples of the last complete body of each of its scopes: what its targets were served last. */
  get servedSamples(): number {
    let sum = 0;
    for (const scope of this.#scopes.since(this.#askedAt - LATE_MS)) sum += scope.servedSamples;
    return sum;
  }

  /** True for a host that its last scrapes ask for; for every host while there were none. */
  asksFor(host: string): boolean {
    return this.#scopes.size === 0 || this.#scopes.lastAskedFor(host) >= this.#askedAt - LATE_MS;
  }

  /**
   * A request has come: whatever it proves is taken.
   * @param now in ms of uptime
   */
  ask(key: ScopeKey, now: number, client: Asking): Scope {
    const scope = this.#scopes.open(key, now, client.timeoutMs);
    const { lastAt } = scope.budget;
    scope.budget.asked(now, client.pointsMax);
    this.#askedAt = now;
    this.#wasAsked = true;
    // Behind a proxy every connection may be new, and places trail by the overlap anyway.
    const isNewConnection = lastAt !== null && client.connectedAt >= lastAt && !client.proxied;
    // Looked up before anything is settled, which is the news of now: after a long absence it would push out what was then.
    const before = isNewConnection ? this.#placesAt(scope, lastAt - this.#options.overlapMs) : null;
    this.#settle(scope, now, client.pointsMax);
    if (before !== null) this.#stepBack(scope, before, now);
    return scope;
  }

  /**
   * A body is being sent.
   * @param askedAt when `ask` was called for it: hosts that were forgotten since have another log now
   */
  sent(scope: Scope, delivery: Delivery, askedAt: number, pointsMax: number): void {
    if (!this.#scopes.has(scope)) return;
    for (const { host, at } of this.#forgotten) if (at >= askedAt) delivery.forget(host);
    // What comes through a proxy waits for the overlap to pass: these must reach further back than that.
    const last = scope.deliveries.at(-1);
    if (
      delivery.proxied &&
      last !== undefined &&
      askedAt - last.sentAt < this.#options.overlapMs / PROXIED_PER_OVERLAP
    )
      return;
    delivery.sentAt = askedAt;
    scope.deliveries.push(delivery);
    const most = delivery.proxied ? PROXIED_DELIVERIES_MAX : DELIVERIES_MAX;
    if (scope.deliveries.length <= most) return;
    scope.deliveries.shift();
    if (!delivery.proxied) scope.budget.lost(pointsMax);
  }

  /** A body of the scope was handed over whole. @param durationMs since it was asked for */
  completed(scope: Scope, delivery: Delivery, now: number, durationMs = 0): void {
    scope.budget.completed(durationMs);
    delivery.completed();
    const terms = { enough: PROXIED_REPEATS, ms: this.#options.overlapMs };
    for (const earlier of scope.deliveries) {
      if (earlier === delivery) return;
      if (earlier.proxied && earlier.isComplete) earlier.repeated(delivery, now, terms);
    }
  }

  /**
   * True when a scope that holds the host was asked for since a moment of uptime. Before that moment has passed since the
   * start nobody knows which scopes there are, so all hosts count.
   */
  covers(host: string, since: number): boolean {
    return this.#startedAt >= since || this.#scopes.lastAskedFor(host) >= since;
  }

  scopes(): Iterable<Scope> {
    return this.#scopes.all();
  }

  /**
   * Sets places; what was sent before, or is about to be sent, no longer counts. What is passed over is counted.
   * @param at the moment that they are of, in ms since 1970
   * @param now in ms of uptime
   */
  reset(places: ReadonlyMap<string, Place>, at: number, now: number): void {
    for (const [host, { taken }] of places) {
      // Of hosts that are not asked for the scraper would miss nothing.
      if (!this.covers(host, now - MISSED_MS)) continue;
      this.#countSent(host);
      const skips = [{ reason: 'rewind', from: 0, to: taken.samples }] as const;
      this.#count(host, { ...NOTHING_SERVED, ranges: [{ after: LOG_START, through: taken }], skips });
    }
    this.#places = new Map(places);
    this.#takenUntil = at;
    this.#history.clear();
    this.#newestAt.clear();
    this.#throughAt.clear();
    this.#scopes.renew();
  }

  /**
   * The host's log is gone; should the name come again, it has a new one.
   * @param now in ms of uptime
   * @param end of the log that was, so that what was not taken is counted; null where there was none
   */
  forget(host: string, now: number, end: Position | null): void {
    if (end !== null && this.covers(host, now - MISSED_MS)) {
      this.#countSent(host);
      const lost = pendingSamples(this.#counted.get(host) ?? NOTHING_TAKEN, end);
      this.expired.set('forgotten', (this.expired.get('forgotten') ?? 0) + lost);
    }
    this.#forgotten = this.#forgotten.filter(({ at }) => at >= now - FORGOTTEN_MS);
    this.#forgotten.push({ host, at: now });
    this.#places.delete(host);
    this.#newestAt.delete(host);
    this.#throughAt.delete(host);
    this.#counted.delete(host);
    this.#history.forget(host);
    for (const scope of this.#scopes.all()) {
      scope.behind.delete(host);
      for (const delivery of scope.deliveries) delivery.forget(host);
    }
  }

  /** Counts as taken what is in bodies that came out whole: nobody will ask any more whether they were read. */
  #countSent(host: string): void {
    for (const { deliveries } of this.#scopes.all()) {
      for (const delivery of deliveries) {
        const served = delivery.isComplete ? delivery.served.get(host) : undefined;
        if (served !== undefined) this.#count(host, served);
      }
    }
  }

  #settle(scope: Scope, now: number, pointsMax: number): void {
    const left: Delivery[] = [];
    for (const delivery of scope.deliveries) {
      if (delivery.isLost) scope.budget.lost(pointsMax);
      else if (this.#applyProven(scope, delivery, now)) scope.budget.taken(pointsMax, delivery.usesBudget);
      else left.push(delivery);
    }
    scope.deliveries = left;
  }

  /** @returns whether nothing of the delivery is open any more. */
  #applyProven(scope: Scope, delivery: Delivery, now: number): boolean {
    if (!delivery.proxied && !delivery.isRead) return false;
    if (delivery.proxied && !delivery.isComplete) return false;
    const proven = delivery.proxied ? [...delivery.proven] : [...delivery.served.keys()];
    for (const host of proven) {
      const served = delivery.served.get(host);
      if (served !== undefined) this.#apply(host, served, now);
      delivery.forget(host);
    }
    if (proven.length > 0 || !delivery.proxied) scope.progressed = true;
    return delivery.served.size === 0;
  }

  #apply(host: string, served: HostServed, now: number): void {
    this.#count(host, served);
    const before = this.place(host);
    const place = take(before, served.ranges);
    if (place !== before) this.#history.advanced(host, before, place, now);
    this.#places.set(host, place);
    if (served.newestAt > this.newestAt(host)) this.#newestAt.set(host, served.newestAt);
    if (place.open.length === 0) this.#throughAt.set(host, this.newestAt(host));
    else if (lowestUntaken(place) > lowestUntaken(before) && served.throughAt > 0)
      this.#throughAt.set(host, served.throughAt);
  }

  /** Counted when taken, and only what was never taken before: a body is often served again. */
  #count(host: string, { ranges, skips }: HostServed): void {
    const before = this.#counted.get(host) ?? NOTHING_TAKEN;
    for (const { after, through } of ranges)
      this.takenSamples += untakenWithin(before, after.samples, through.samples);
    for (const { reason, from, to } of skips) {
      // What is passed over beyond the ranges is not taken now.
      for (const { after, through } of ranges) {
        const count = untakenWithin(before, Math.max(from, after.samples), Math.min(to, through.samples));
        this.takenSamples -= count;
        this.expired.set(reason, (this.expired.get(reason) ?? 0) + count);
      }
    }
    this.#counted.set(host, take(before, ranges));
  }

  #placesAt(scope: Scope, moment: number): Map<string, Place> {
    const places = new Map<string, Place>();
    for (const host of this.#hostsOf(scope)) {
      const place = this.place(host);
      places.set(host, lower(place, this.#history.at(host, moment, place)));
    }
    return places;
  }

  /** @param places those that were at the earlier moment; of a host that is not among them nothing was taken then */
  #stepBack(scope: Scope, places: ReadonlyMap<string, Place>, now: number): void {
    for (const host of this.#hostsOf(scope)) {
      const place = this.place(host);
      const stepped = lower(place, places.get(host) ?? NOTHING_TAKEN);
      if (stepped === place) continue;
      this.#places.set(host, stepped);
      this.#history.steppedBack(host, place, stepped, now);
    }
  }

  #hostsOf(scope: Scope): Iterable<string> {
    const single = singleHostOf(scope);
    return single !== null ? [single] : [...this.#places.keys()].filter((host) => scope.includesHost(host));
  }
}
