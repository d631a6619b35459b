/** The world of the model test: hosts that send, and a gateway that crashes. */
import type { Random } from '@tributary/shared/random';
import { Fleet } from '../../fleet/fleet.ts';
import type { AdmittedShape } from '../../link/admission.ts';
import type { SettledEntry } from '../../link/observer.ts';
import { ShapeRegistry } from '../../link/shape-registry.ts';
import { columnOf, FakeClock, gauges, shapeOf } from '../../link/test-support.ts';
import { MemoryLog } from './memory-log-test-support.ts';
import { Replays } from './replay.ts';
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
const USUAL: Scenery = {
  hosts: ['h1', 'h2', 'h3', 'h4'],
  largeHost: null,
  windowMs: 90 * 60_000,
  pointsMax: 200,
  absenceMs: 0,
  mayExpire: false,
  losesPower: true,
};
/** The budget is too small for an entry of each host, and one host's entries are larger than the budget. */
const CROWD: Scenery = {
  ...USUAL,
  hosts: Array.from({ length: 40 }, (_, i) => `h${i}`),
  largeHost: 'h7',
  pointsMax: 400,
};
/** Much leaves the window before anybody takes it. */
const ABSENCE: Scenery = {
  ...USUAL,
  windowMs: 20 * 60_000,
  absenceMs: 30 * 60_000,
  mayExpire: true,
  losesPower: false,
};

/** By the names that the test gives them. */
export const SCENERIES = {
  'a small fleet': USUAL,
  'a crowd and a giant': CROWD,
  'long absences': ABSENCE,
} as const;

/** Samples of each of the large host's points. */
const LARGE = 40;
/** Behind a proxy a backlog moves on by one body in each overlap, not in each scrape. */
const PROXIED_POINTS_MAX = 1000;
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
  const fleet = new Fleet({ clock, uptimeMs, staleAfterMs: () => 300_000, forgetAfterMs: () => 1e12 });
  for (const host of hosts) fleet.settled(host, []);
  const shared = {
    ledger: log,
    clock,
    uptimeMs,
    windowMs: () => scenery.windowMs,
    pointsMax: () => PROXIED_POINTS_MAX,
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
  const replays = new Replays({ ...shared, fleet, shapes: registry, scrapers, order: () => 'in-order' });
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
