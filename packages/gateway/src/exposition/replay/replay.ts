/**
 * A scrape is a replay: a scraper gets every point since its cursor, oldest first, several points of a series in one body
 * where needed, and the cursor moves only when there is proof that the body was read.
 *
 *     request ─► cursor (what is proven taken) ─► plan (what each host is to get) ─► read (memory, ledger) ─► body
 *                  ▲                                                                                        │
 *                  └────────────── delivery: what the body held, waiting for its proof ◄────────────────────┘
 *
 * The parts: `client` (who asks), `scrapers` (all cursors), `cursor` and `place` (where one stands), `delivery` and
 * `connection` (the proof), `budget` and `plan` (how much), `read-plans` and `body` (what is served).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@tributary/shared/clock';
import type { Fleet } from '../../fleet/fleet.ts';
import type { FleetHost } from '../../fleet/host.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { ShapeRegistry } from '../../link/shape-registry.ts';
import type { HostInput } from '../input.ts';
import { BodyCollector, type SeriesFilter } from './body.ts';
import type { Client } from './client.ts';
import type { ScrapeConnection } from './connection.ts';
import type { Cursor } from './cursor.ts';
import { Delivery } from './delivery.ts';
import { untaken } from './place.ts';
import { type HostPlan, mayBeTooOld, passOver, planHost, type ReplayOrder, share, upTo } from './plan.ts';
import { readPlans } from './read-plans.ts';
import { type Scope, type ScopeKey, singleHostOf } from './scopes.ts';
import type { Scrapers } from './scrapers.ts';

export interface ReplayOptions {
  readonly ledger: Pick<Ledger, 'tail' | 'seek' | 'readMany'>;
  readonly fleet: Fleet;
  readonly shapes: ShapeRegistry;
  readonly scrapers: Scrapers;
  readonly clock: Clock;
  readonly uptimeMs: () => number;
  readonly windowMs: () => number;
  readonly overlapMs: number;
  readonly pointsMax: () => number;
  readonly order: () => ReplayOrder;
}

export interface ReplayRequest {
  /** Null for a scraper without a name. */
  readonly name: string | null;
  readonly client: Client;
  readonly connection: ScrapeConnection;
  /** Canonical text of the selected series; the filter says which they are. */
  readonly selection: string;
  readonly filter: SeriesFilter;
  readonly scope: ScopeKey;
  /** Each null for what the gateway's flags say; none may be more than these. */
  readonly windowMs: number | null;
  readonly pointsMax: number | null;
  readonly bytesMax: number | null;
  readonly order: ReplayOrder | null;
  /** A new scraper begins with its window. */
  readonly fromWindow: boolean;
}

/** A body to be rendered, and what is to be told of its fate. */
export interface Replay {
  readonly input: HostInput;
  /** Host samples in it. */
  readonly samples: number;
  /**
   * The response ended.
   * @param own samples of the gateway's own in the body
   * @param bytes of the body, uncompressed
   * @param durationMs since the request had come
   */
  completed(own: number, bytes: number, durationMs: number): void;
  /** The body could not be made, or not be sent whole. */
  failed(): void;
}

/** Live entries are those of the last so many scrape intervals. */
const LIVE_INTERVALS = 2;
/** Behind a proxy places trail by the overlap and some scrapes; what is open only for that is no backlog. */
const PROXIED_INTERVALS = 6;
/** Hosts that are planned in one turn of the event loop. */
const HOSTS_PER_TURN = 1000;
/** A sample's line, before any body has told. */
const BYTES_PER_SAMPLE = 120;
/** Of `max_bytes`, what is planned for: lines differ. */
const BYTES_SHARE = 0.9;

export class Replays {
  readonly #options: ReplayOptions;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** @returns null for a scraper that gets no cursor because there are too many. */
  async prepare(request: ReplayRequest): Promise<Replay | null> {
    const { scrapers, clock, uptimeMs } = this.#options;
    const { name, selection, connection, client } = request;
    // What is old, and what is new, cannot be told by a wrong clock; all of it comes once the clock is right.
    if (this.#options.fleet.clockIsWrong())
      return { input: new Map(), samples: 0, completed: () => {}, failed: () => {} };
    const windowMs = Math.min(request.windowMs ?? Number.POSITIVE_INFINITY, this.#options.windowMs());
    const pointsMax = Math.min(request.pointsMax ?? Number.POSITIVE_INFINITY, this.#options.pointsMax());
    const beginMs = request.fromWindow ? windowMs : null;
    const cursor = await scrapers.open({ name, selection, connection, beginMs, isProxied: client.proxied });
    if (cursor === null) return null;
    const { timeoutMs, proxied } = client;
    const asking = { timeoutMs, proxied, connectedAt: connection.openedAt, pointsMax };
    const askedAt = uptimeMs();
    const scope = cursor.ask(request.scope, askedAt, asking);
    const now = clock.now();
    const collector = new BodyCollector(request.filter, this.#options.shapes, now - windowMs);
    const times = { windowSince: now - windowMs, pointsMax, now };
    const usesBudget = await this.#collect(request, cursor, scope, collector, times);
    const delivery = new Delivery(collector.served, { proxied: client.proxied, usesBudget });
    cursor.sent(scope, delivery, askedAt, pointsMax);
    connection.sent(delivery);
    return {
      input: collector.input,
      samples: collector.samples,
      completed: (own, bytes, durationMs) => {
        cursor.completed(scope, delivery, uptimeMs(), durationMs);
        scope.servedSamples = collector.samples + own;
        if (scope.servedSamples > 0) scope.bytesPerSample = bytes / scope.servedSamples;
      },
      failed: () => delivery.failed(),
    };
  }

  /** @returns whether the backlog in the body is half of what the budget allows, or more. */
  async #collect(
    request: ReplayRequest,
    cursor: Cursor,
    scope: Scope,
    collector: BodyCollector,
    times: { readonly windowSince: number; readonly pointsMax: number; readonly now: number },
  ): Promise<boolean> {
    const { fleet, ledger } = this.#options;
    const order = request.order ?? this.#options.order();
    const hosts = hostsOf(fleet, scope).filter(({ name }) => !this.#options.scrapers.isLeaving(name));
    const liveSince = times.now - this.#liveMs(scope, request.client.proxied);
    const plans = await this.#planAll(hosts, cursor, liveSince, times.windowSince);
    const points = this.#points(scope, times.pointsMax, request.bytesMax, plans);
    const isFull = scope.budget.isFull(times.pointsMax);
    const takenAt = (host: string) => cursor.newestAt(host);
    if (request.client.takesSeveral)
      share([...plans.values()], scope, {
        order,
        proxied: request.client.proxied,
        points,
        isFull,
        liveSince,
        now: times.now,
        takenAt,
      });
    else for (const plan of plans.values()) plan.newestOnly = true;
    const toRead = [...plans.values()].filter(({ newestOnly }) => !newestOnly);
    const read = new Map(
      (await readPlans(ledger, toRead, order)).map((entries) => [entries.plan.host, entries]),
    );
    const freshSince = Math.max(fleet.freshSince(), times.windowSince);
    const reason = request.client.takesSeveral ? 'budget' : 'client';
    let turn = 0;
    for (const host of hosts) {
      // From here on log and fleet are looked at in one turn: what a host sent meanwhile must not overtake its log.
      if (turn++ % HOSTS_PER_TURN === 0) await nextTurn();
      const plan = plans.get(host.name);
      const entries = read.get(host.name);
      const tail = ledger.tail(host.name);
      if (plan === undefined) {
        if (tail !== null && untaken(cursor.place(host.name), tail.end).length === 0)
          collector.addNewest(host, freshSince);
      } else if (plan.newestOnly) {
        const terms = { freshSince, takenAt: cursor.newestAt(host.name), reason } as const;
        collector.addNewestOnly(host, tail === null ? plan : upTo(plan, tail.end), terms);
      } else if (entries !== undefined) collector.addEntries(host, entries);
      else if (plan.tooOld.length > 0) collector.addTooOld(plan);
    }
    return toRead.reduce((sum, plan) => sum + plan.share, 0) >= points / 2;
  }

  /** By host, for those of which something is not taken. */
  async #planAll(
    hosts: readonly FleetHost[],
    cursor: Cursor,
    liveSince: number,
    windowSince: number,
  ): Promise<Map<string, HostPlan>> {
    const { ledger } = this.#options;
    const plans = new Map<string, HostPlan>();
    const doubtful: string[] = [];
    let turn = 0;
    for (const { name } of hosts) {
      if (++turn % HOSTS_PER_TURN === 0) await nextTurn();
      const tail = ledger.tail(name);
      const plan = tail === null ? null : planHost(name, cursor.place(name), tail, liveSince);
      if (plan === null || tail === null) continue;
      plans.set(name, plan);
      if (mayBeTooOld(plan, tail, windowSince)) doubtful.push(name);
    }
    if (doubtful.length > 0) await this.#passOverOld(plans, doubtful, windowSince);
    return plans;
  }

  async #passOverOld(
    plans: Map<string, HostPlan>,
    doubtful: readonly string[],
    windowSince: number,
  ): Promise<void> {
    const { ledger } = this.#options;
    const waiting = doubtful.flatMap((host) => {
      const plan = plans.get(host);
      const after = plan?.ranges[0]?.after.offset;
      return plan === undefined || after === undefined ? [] : [{ host, plan, after }];
    });
    const begins = await ledger.seek(waiting, windowSince);
    const old = waiting.flatMap((request, i) => {
      const begin = begins[i];
      return begin === undefined || begin.offset <= request.after ? [] : [{ ...request, begin }];
    });
    // Whether what is passed over is stored still: it is counted by what it was lost to.
    const stored = old.length === 0 ? [] : await ledger.seek(old, 0);
    for (const [i, { plan, begin }] of old.entries())
      plans.set(plan.host, passOver(plan, begin, stored[i] ?? begin));
  }

  #liveMs({ budget: { intervalMs } }: Scope, proxied: boolean): number {
    if (!proxied) return LIVE_INTERVALS * intervalMs;
    return this.#options.overlapMs + (LIVE_INTERVALS + PROXIED_INTERVALS) * intervalMs;
  }

  #points(
    scope: Scope,
    pointsMax: number,
    bytesMax: number | null,
    plans: ReadonlyMap<string, HostPlan>,
  ): number {
    const points = scope.budget.points(pointsMax);
    if (bytesMax === null) return points;
    let live = 0;
    for (const plan of plans.values()) for (const { samples } of plan.live) live += samples;
    return Math.max(
      0,
      Math.min(points, (bytesMax * BYTES_SHARE) / (scope.bytesPerSample ?? BYTES_PER_SAMPLE) - live),
    );
  }
}

/** With a target for each host, a scrape must not cost as much as the fleet. */
function hostsOf(fleet: Fleet, scope: ScopeKey): readonly FleetHost[] {
  const single = singleHostOf(scope);
  if (single === null) return fleet.hosts().filter(({ name }) => scope.includesHost(name));
  const host = fleet.host(single);
  return host === undefined ? [] : [host];
}
