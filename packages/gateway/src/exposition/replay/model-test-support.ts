/**
 * The world of the model test: hosts that send, a gateway that crashes, and Prometheis that scrape over connections which
 * break in every way that is known. A Prometheus here is a map of what it has stored, with the rules of the real one
 * (docs/RELIABILITY.md): a point must be newer than its series' newest, an exact repeat is nothing, and what it stored
 * lately may be gone with its power.
 */
import assert from 'node:assert/strict';
import type { Random } from '@tributary/shared/random';
import { Fleet } from '../../fleet/fleet.ts';
import type { AdmittedShape } from '../../link/admission.ts';
import type { SettledEntry } from '../../link/observer.ts';
import { ShapeRegistry } from '../../link/shape-registry.ts';
import { columnOf, FakeClock, gauges, shapeOf } from '../../link/test-support.ts';
import { ScrapeConnection } from './connection.ts';
import { MemoryLog } from './memory-log-test-support.ts';
import type { ReplayOrder } from './plan.ts';
import { Replays } from './replay.ts';
import type { ScopeKey } from './scopes.ts';
import { Scrapers } from './scrapers.ts';

export const OVERLAP_MS = 60_000;
/** What a run is about. */
export interface Scenery {
  readonly hosts: readonly string[];
  /** Of its batches each is as large as many of the others'. */
  readonly largeHost: string | null;
  readonly windowMs: number;
  /** Of whoever is not behind a proxy. */
  readonly pointsMax: number;
  /** Nobody scrapes for so long now and then. */
  readonly absenceMs: number;
  readonly mayExpire: boolean;
  /** What was stored and lost with the power is served again while the window holds it, and was counted as taken. */
  readonly losesPower: boolean;
}

/** Budgets small enough that backlogs take several scrapes, windows wide enough for all that a run takes. */
export const USUAL: Scenery = {
  hosts: ['h1', 'h2', 'h3', 'h4'],
  largeHost: null,
  windowMs: 90 * 60_000,
  pointsMax: 200,
  absenceMs: 0,
  mayExpire: false,
  losesPower: true,
};
/** The budget is too small for an entry of each host, and one host's entries are larger than the budget. */
export const CROWD: Scenery = {
  ...USUAL,
  hosts: Array.from({ length: 40 }, (_, i) => `h${i}`),
  largeHost: 'h7',
  pointsMax: 400,
};
/** Much leaves the window before anybody takes it. */
export const ABSENCE: Scenery = {
  ...USUAL,
  windowMs: 20 * 60_000,
  absenceMs: 30 * 60_000,
  mayExpire: true,
  losesPower: false,
};

/** Samples of each of the large host's points. */
const LARGE = 40;
/** Behind a proxy a backlog moves on by one body in each overlap, not in each scrape. */
const PROXIED_POINTS_MAX = 1000;
/** Bodies in a row that a proxy may swallow: fewer than what the gateway takes for proof. */
const SWALLOWED_MAX = 2;

export const WHOLE: ScopeKey = { name: '', includesHost: () => true };
export const SHARDS: readonly ScopeKey[] = [
  { name: 'shard=1/2', includesHost: (host) => host < 'h3' },
  { name: 'shard=2/2', includesHost: (host) => host >= 'h3' },
];

export interface World {
  readonly scenery: Scenery;
  readonly random: Random;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly registry: ShapeRegistry;
  readonly shapes: readonly AdmittedShape[];
  /** Every point that was accepted: by host and shape, time to value. */
  readonly accepted: Map<string, Map<number, number>>;
  /** By host, up to when its points went with its log. */
  readonly forgottenUntil: Map<string, number>;
  /** Samples that were counted as never to be served, by the gateways that have crashed. */
  expiredBefore: number;
  gateway: Gateway;
}

export interface Gateway {
  readonly fleet: Fleet;
  readonly scrapers: Scrapers;
  readonly replays: Replays;
}

export function startWorld(random: Random, scenery: Scenery): World {
  const clock = new FakeClock();
  const registry = new ShapeRegistry();
  const log = new MemoryLog(clock.now());
  const shapes = [
    shapeOf(gauges('a'), {}, registry),
    shapeOf(gauges('b', 'c'), {}, registry),
    shapeOf(gauges('d'), { job: 'db' }, registry),
    shapeOf(gauges(...Array.from({ length: LARGE }, (_, i) => `e${i}`)), { job: 'large' }, registry),
  ];
  const world = {
    scenery,
    random,
    clock,
    log,
    registry,
    shapes,
    accepted: new Map(),
    forgottenUntil: new Map(),
    expiredBefore: 0,
  };
  return { ...world, gateway: build(world, new Set()) };
}

function build({ scenery, clock, log, registry }: Omit<World, 'gateway'>, hosts: Iterable<string>): Gateway {
  const uptimeMs = clock.uptimeMs;
  const fleet = new Fleet({ clock, uptimeMs, staleAfterMs: 300_000, forgetAfterMs: 1e12 });
  for (const host of hosts) fleet.settled(host, []);
  const shared = {
    ledger: log,
    clock,
    uptimeMs,
    windowMs: scenery.windowMs,
    pointsMax: PROXIED_POINTS_MAX,
    overlapMs: OVERLAP_MS,
  };
  const names = () => fleet.hosts().map(({ name }) => name);
  const scrapers = new Scrapers({
    ...shared,
    hosts: names,
    observer: { began: () => {}, gaveWay: () => {}, tooMany: () => {}, tooManyConnections: () => {} },
    onFault: (error) => {
      throw error;
    },
  });
  const replays = new Replays({ ...shared, fleet, shapes: registry, scrapers, order: 'in-order' });
  return { fleet, scrapers, replays };
}

/** Everything that is not in the log is gone. */
export async function crash(world: World): Promise<void> {
  const hosts = world.gateway.fleet.hosts().map(({ name }) => name);
  world.expiredBefore = expired(world);
  world.gateway = build(world, hosts);
  await world.gateway.scrapers.load();
}

/** Samples that were counted as never to be served to someone with a name: without one, counts end with a connection. */
export function expired({ gateway, expiredBefore }: World): number {
  let count = expiredBefore;
  for (const cursor of gateway.scrapers.all())
    if (!cursor.key.name.startsWith('@')) for (const samples of cursor.expired.values()) count += samples;
  return count;
}

interface Sending {
  seq: number;
  at: number;
  /** The last moment of each shape: a group may be older than its batch, as that of a target which was scraped before. */
  readonly groupAts: Map<AdmittedShape, number>;
}

const GROUP_AGE_MS_MAX = 30_000;

const seqs = new WeakMap<World, Map<string, Sending>>();

/** A host's next batch; `at` rises by a random step, up to now. */
export function send(world: World, host: string, count: number): void {
  const { random, clock, log, shapes, gateway, accepted } = world;
  const states = seqs.get(world) ?? new Map<string, Sending>();
  seqs.set(world, states);
  const state = states.get(host) ?? {
    seq: 0,
    at: clock.now() - random.below(40) * 60_000,
    groupAts: new Map(),
  };
  states.set(host, state);
  for (let i = 0; i < count; i++) {
    const at = Math.min(clock.now(), state.at + 1 + random.below(20_000));
    if (at <= state.at) return;
    state.at = at;
    state.seq++;
    const entry = random() < 0.05 ? tombstone(state.seq, at) : batch(world, state, host);
    log.append(host, 'e1', [entry]);
    gateway.fleet.settled(host, [entry]);
    if (entry.kind === 'tombstone') continue;
    for (const { shape, at: groupAt, column } of entry.groups) {
      const key = `${host} ${shapes.indexOf(shape)}`;
      const points = accepted.get(key) ?? new Map<number, number>();
      accepted.set(key, points);
      points.set(groupAt, column.values[0] ?? Number.NaN);
    }
  }
}

/** The host's log goes, which takes the disk a while; `meanwhile` goes on. It may come again, with another log. */
export async function forget(world: World, host: string, meanwhile: () => Promise<void>): Promise<void> {
  const { gateway, log, clock } = world;
  const state = seqs.get(world)?.get(host);
  if (state === undefined) return;
  world.forgottenUntil.set(host, state.at);
  const left = gateway.scrapers.leaving(host);
  await meanwhile();
  log.drop(host);
  left(true);
  gateway.fleet.forget(host);
  // Times go on rising over its logs: what was before is in the Prometheis, or is counted.
  seqs.get(world)?.set(host, { ...state, seq: 0, at: Math.max(state.at, clock.now() - 1) });
}

function batch({ scenery, random, shapes }: World, sending: Sending, host: string): SettledEntry {
  const { seq, at, groupAts } = sending;
  const used = shapes.filter(({ length }) =>
    length === LARGE ? host === scenery.largeHost : random() < 0.7,
  );
  const groupAt = (shape: AdmittedShape) => {
    const age = random() < 0.5 ? 0 : random.below(GROUP_AGE_MS_MAX);
    const moment = Math.min(at, Math.max(at - age, (groupAts.get(shape) ?? 0) + 1));
    groupAts.set(shape, moment);
    return moment;
  };
  const groups = (used.length === 0 ? shapes.slice(0, 1) : used).map((shape) => ({
    shape,
    at: groupAt(shape),
    column: columnOf(...Array.from({ length: shape.length }, () => seq * 1000 + host.length)),
  }));
  return { kind: 'batch', seq, at, groups, contentHash: seq };
}

function tombstone(seq: number, at: number): SettledEntry {
  return {
    kind: 'tombstone',
    seq,
    lastSeq: seq,
    fromAt: at,
    at,
    reason: 'skipped:too_large',
    contentHash: 0,
  };
}

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

export class Prometheus {
  readonly #world: World;
  readonly name: string | null;
  readonly #order: ReplayOrder;
  readonly #scopes: readonly ScopeKey[];
  readonly #proxied: boolean;
  #swallowed = 0;
  /** A pool: a scrape comes on any of them. */
  #connections: ScrapeConnection[];
  /** By series: time to value, and when it was stored. */
  #stored = new Map<string, Map<number, { value: number; storedAt: number }>>();
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
    for (const [series, points] of this.#stored) {
      for (const [at, { storedAt }] of points) if (storedAt >= since) points.delete(at);
      if (points.size === 0) this.#stored.delete(series);
    }
    // Not more than one misfortune at a time: behind a proxy the first body after it arrives.
    this.#swallowed = SWALLOWED_MAX;
    this.reconnect();
  }

  /** Of one host and shape: time to value. */
  points(key: string): ReadonlyMap<number, { value: number }> {
    return this.#stored.get(key) ?? new Map();
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
        const stored = this.#stored.get(key) ?? new Map<number, { value: number; storedAt: number }>();
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

  #storePoint(stored: Map<number, { value: number; storedAt: number }>, at: number, value: number): void {
    const known = stored.get(at);
    if (known !== undefined) {
      assert.equal(known.value, value, 'the same point has the same value');
      return;
    }
    const newest = Math.max(Number.NEGATIVE_INFINITY, ...stored.keys());
    if (at < newest && this.#order === 'in-order') this.refused++;
    else stored.set(at, { value, storedAt: this.#world.clock.now() });
  }
}
