/**
 * The Prometheis of the model test, which scrape over connections that break in every way that is known. One is a map of what it
 * has stored, with the rules of the real one (docs/RELIABILITY.md): a point must be newer than its series' newest, an exact
 * repeat is nothing, and what it stored lately may be gone with its power.
 */
import assert from 'node:assert/strict';
import { ScrapeConnection } from './connection.ts';
import { OVERLAP_MS, type World } from './model-test-support.ts';
import type { ReplayOrder } from './plan.ts';
import type { Replays } from './replay.ts';
import type { ScopeKey } from './scopes.ts';

/** Bodies in a row that a proxy may swallow: fewer than what the gateway takes for proof. */
const SWALLOWED_MAX = 2;

export const WHOLE: ScopeKey = { name: '', includesHost: () => true };
export const SHARDS: readonly ScopeKey[] = [
  { name: 'shard=1/2', includesHost: (host) => host < 'h3' },
  { name: 'shard=2/2', includesHost: (host) => host >= 'h3' },
];

/**
 * How a scrape may go: all is well; the body is cut off; it is complete but not read before the connection ends; the same, and
 * nobody tells the gateway that the connection is dead; it is stored, and the connection ends all the same.
 */
export type Fate = 'stored' | 'cut' | 'unread' | 'silent' | 'killed-after';

export interface PrometheusOptions {
  /** Null for one without a name. */
  readonly name: string | null;
  /** `live-first` stores the past, too, as with an out-of-order window. */
  readonly order?: ReplayOrder;
  /** What its scrape jobs ask for. */
  readonly scopes?: readonly ScopeKey[];
  readonly proxied?: boolean;
}

interface Stored {
  /** By time. */
  readonly points: Map<number, { value: number; storedAt: number }>;
  newest: number;
}

export class Prometheus {
  readonly #world: World;
  readonly name: string | null;
  readonly #order: ReplayOrder;
  readonly #scopes: readonly ScopeKey[];
  readonly #proxied: boolean;
  #swallowed = 0;
  /** A pool: a scrape comes on any of them. */
  #connections: ScrapeConnection[];
  readonly #stored = new Map<string, Stored>();
  /** Points that came too late to be stored. */
  refused = 0;

  constructor(
    world: World,
    { name, order = 'in-order', scopes = [WHOLE], proxied = false }: PrometheusOptions,
  ) {
    this.#world = world;
    this.name = name;
    this.#order = order;
    this.#scopes = scopes;
    this.#proxied = proxied;
    this.#connections = this.#connect();
  }

  /** Each of its jobs scrapes, and all goes well. */
  async scrapeAll(): Promise<void> {
    for (const scope of this.#scopes) await this.scrape('stored', scope);
  }

  async scrape(wanted: Fate, scope: ScopeKey = this.#world.random.pick(this.#scopes)): Promise<void> {
    const fate = this.#proxied && this.#swallowed >= SWALLOWED_MAX ? 'stored' : wanted;
    if (fate === 'unread' || fate === 'silent') this.#swallowed++;
    else if (fate !== 'cut') this.#swallowed = 0;
    const connection = this.#world.random.pick(this.#connections);
    connection.requested();
    const replay = await this.#world.gateway.replays.prepare({
      name: this.name,
      client: { timeoutMs: 10_000, takesSeveral: true, proxied: this.#proxied },
      connection,
      selection: '',
      filter: { hiddenOf: () => null },
      scope,
      windowMs: null,
      pointsMax: this.#proxied ? null : this.#world.scenery.pointsMax,
      bytesMax: null,
      order: this.#order,
      fromWindow: false,
    });
    assert.ok(replay !== null);
    if (fate !== 'cut') replay.completed(0, 1000, 1);
    if (fate === 'stored' || fate === 'killed-after') this.#store(replay.input);
    if (fate === 'stored') return;
    if (fate !== 'silent') connection.closed();
    // Its process is gone, and with it all of its connections.
    if (fate === 'killed-after') return this.reconnect();
    this.#connections = this.#connections.map((other) => (other === connection ? this.#open() : other));
  }

  /** Whatever was open is closed: the other end died, or this one did. */
  reconnect(): void {
    for (const connection of this.#connections) connection.closed();
    this.#connections = this.#connect();
  }

  #open(): ScrapeConnection {
    return new ScrapeConnection('127.0.0.1', this.#world.clock.uptimeMs());
  }

  /** As many as a pool has. */
  #connect(): ScrapeConnection[] {
    return [this.#open(), this.#open()];
  }

  /** What was stored in the last moments is gone, and so is the process. */
  losePower(): void {
    if (!this.#world.scenery.losesPower) return;
    const since = this.#world.clock.now() - OVERLAP_MS + 1;
    for (const [series, stored] of this.#stored) {
      const { points } = stored;
      for (const [at, { storedAt }] of points) if (storedAt >= since) points.delete(at);
      stored.newest = Math.max(...points.keys());
      if (points.size === 0) this.#stored.delete(series);
    }
    // Not more than one misfortune at a time: behind a proxy the first body after it arrives.
    this.#swallowed = SWALLOWED_MAX;
    this.reconnect();
  }

  /** Of one host and shape: time to value. */
  points(key: string): ReadonlyMap<number, { value: number }> {
    return this.#stored.get(key)?.points ?? new Map();
  }

  #store(
    input: Awaited<ReturnType<Replays['prepare']>> extends infer R
      ? R extends { input: infer I }
        ? I
        : never
      : never,
  ): void {
    const { scenery, shapes, clock } = this.#world;
    for (const [shape, hosts] of input) {
      let before = '';
      for (const { host, points } of hosts) {
        assert.ok(host > before, 'hosts are in order of their names');
        before = host;
        const key = `${host} ${shapes.indexOf(shape)}`;
        const stored = this.#stored.get(key) ?? { points: new Map(), newest: Number.NEGATIVE_INFINITY };
        this.#stored.set(key, stored);
        let last = Number.NEGATIVE_INFINITY;
        for (const { at, column } of points) {
          assert.ok(at > last, 'points of a body rise');
          last = at;
          assert.ok(at >= clock.now() - scenery.windowMs, 'nothing is served that is older than the window');
          this.#storePoint(stored, at, column.values[0] ?? Number.NaN);
        }
      }
    }
  }

  #storePoint(stored: Stored, at: number, value: number): void {
    const known = stored.points.get(at);
    if (known !== undefined) {
      assert.equal(known.value, value, 'the same point has the same value');
      return;
    }
    if (at < stored.newest && this.#order === 'in-order') {
      this.refused++;
      return;
    }
    stored.points.set(at, { value, storedAt: this.#world.clock.now() });
    stored.newest = Math.max(stored.newest, at);
  }
}
