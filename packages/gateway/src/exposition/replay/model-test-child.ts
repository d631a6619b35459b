/**
 * Runs of the model, for model.test.ts, in a thread: the test runner follows every promise of its own thread, of which the
 * model makes millions. Tells how many runs it has made; a run that breaks the promise ends the thread with its error.
 */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { type Random, randomOf } from '@tributary/shared/random';
import { type Fate, Prometheus, SHARDS } from './model-prometheus-test-support.ts';
import {
  crash,
  expired,
  forget,
  SCENERIES,
  type Scenery,
  send,
  startWorld,
  type World,
} from './model-test-support.ts';
import type { ScopeKey } from './scopes.ts';

/** What the test asks for. */
export interface Runs {
  readonly scenery: keyof typeof SCENERIES;
  readonly firstSeed: number;
  readonly count: number;
}

const STEPS = 200;
const FATES: readonly Fate[] = [
  'stored',
  'stored',
  'stored',
  'stored',
  'stored',
  'cut',
  'unread',
  'silent',
  'killed-after',
];

async function step(world: World, prometheis: readonly Prometheus[], random: Random): Promise<void> {
  const { clock, log, gateway, scenery } = world;
  const prometheus = random.pick(prometheis);
  if (random() < 0.02) clock.pass(random.below(scenery.absenceMs + 1));
  if (scenery.mayExpire && random() < 0.01) {
    const meanwhile = async () => {
      await gateway.scrapers.save();
      await random.pick(prometheis).scrape('stored');
    };
    await forget(world, random.pick(scenery.hosts), meanwhile);
  }
  switch (random.below(17)) {
    case 0:
      return await crashAll(world, prometheis);
    case 1:
      return await gateway.scrapers.save();
    case 16:
      // One power supply for both.
      await gateway.scrapers.save();
      prometheus.losePower();
      return await crashAll(world, prometheis);
    case 2:
      return log.forgetTail(random.pick(world.scenery.hosts), random.below(5));
    case 3:
      return prometheus.losePower();
    case 4:
      return prometheus.reconnect();
    case 5:
    case 6:
    case 7:
    case 8:
      clock.pass(random.below(15_000));
      return send(world, random.pick(world.scenery.hosts), 1 + random.below(4));
    case 9:
      return send(world, random.pick(world.scenery.hosts), random.below(100));
    default:
      clock.pass(1 + random.below(15_000));
      // Hosts go on sending while a scrape reads.
      if (random() < 0.5)
        log.onRead = () => send(world, random.pick(world.scenery.hosts), 1 + random.below(3));
      return await prometheus.scrape(random.pick(FATES));
  }
}

/** The gateway's end of every connection is gone with it. */
async function crashAll(world: World, prometheis: readonly Prometheus[]): Promise<void> {
  await crash(world);
  for (const prometheus of prometheis) prometheus.reconnect();
}

/** Time goes on in peace until everyone has everything. */
async function settle(world: World, prometheis: readonly Prometheus[]): Promise<void> {
  const scrapes = 60 * Math.ceil(world.scenery.hosts.length / 10);
  for (let i = 0; i < scrapes; i++) {
    world.clock.pass(15_000);
    for (const prometheus of prometheis) await prometheus.scrapeAll();
  }
}

/** @returns how many samples are not there; all of them are older than the window, or of a log that is gone. */
function assertComplete(world: World, prometheus: Prometheus, since: number, what: string): number {
  let missing = 0;
  for (const [key, points] of world.accepted) {
    const stored = prometheus.points(key);
    const [host = '', shape] = key.split(' ');
    const goneUntil = Math.max(since - 1, world.forgottenUntil.get(host) ?? 0);
    for (const [at, value] of points) {
      if (at <= goneUntil && !stored.has(at)) missing += world.shapes[Number(shape)]?.length ?? 0;
      else assert.equal(stored.get(at)?.value, value, `${what}: ${key} at ${at}`);
    }
    for (const at of stored.keys())
      assert.ok(points.has(at), `${what}: ${key} has a point at ${at} that was never sent`);
  }
  assert.equal(prometheus.refused, 0, `${what}: points came after newer ones`);
  return missing;
}

/** As a target of `/sd` asks. */
function single(host: string): ScopeKey {
  return { name: `host=${host}`, includesHost: (other) => other === host };
}

async function run(seed: number, scenery: Scenery): Promise<void> {
  const random = randomOf(seed);
  const world = startWorld(random, scenery);
  const prometheis = [
    new Prometheus(world, { name: 'a' }),
    new Prometheus(world, { name: 'b', order: 'live-first' }),
    new Prometheus(world, { name: null }),
    new Prometheus(world, { name: 'c', scopes: SHARDS }),
    new Prometheus(world, { name: 'd', proxied: true }),
    new Prometheus(world, { name: 'e', scopes: scenery.hosts.map(single) }),
    new Prometheus(world, { name: null, proxied: true }),
  ];
  if (scenery.mayExpire) {
    // What was there before a scraper came is not counted, so all of them are known from the beginning.
    for (const prometheus of prometheis) await prometheus.scrapeAll();
    await world.gateway.scrapers.save();
  }
  for (let i = 0; i < STEPS; i++) await step(world, prometheis, random);
  await settle(world, prometheis);
  const since = scenery.mayExpire ? world.clock.now() - scenery.windowMs : 0;
  let missing = 0;
  for (const [i, prometheus] of prometheis.entries()) {
    const count = assertComplete(world, prometheus, since, `seed ${seed}, Prometheus ${i}`);
    if (prometheus.name !== null) missing += count;
  }
  const counted = expired(world);
  if (!scenery.mayExpire)
    assert.equal(counted, 0, `seed ${seed}: something was counted as never to be served`);
  // What was served and left the window before that was proven is counted, too.
  assert.ok(missing <= counted, `seed ${seed}: ${missing} samples are missing, and ${counted} counted`);
}

const { scenery, firstSeed, count } = workerData as Runs;
let made = 0;
for (; made < count; made++) await run(firstSeed + made, SCENERIES[scenery]);
parentPort?.postMessage(made);
