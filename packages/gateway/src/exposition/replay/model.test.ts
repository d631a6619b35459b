/**
 * The promise, against a small model: through crashes of the gateway, broken connections, bodies that were lost, read and
 * not stored, stored and lost with the power, and hosts that come with a backlog, every accepted point is in every
 * Prometheus, once and with its value, and none came out of order: scraped whole or by shards, with or without a name, with
 * or without a proxy in between.
 *
 * `TRIBUTARY_SEED` repeats one run, `TRIBUTARY_MODEL_SEEDS` says how many there are.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, randomOf } from '@tributary/shared/random';
import {
  crash,
  expired,
  type Fate,
  Prometheus,
  SHARDS,
  send,
  startWorld,
  type World,
} from './model-test-support.ts';

const SEEDS = Number(process.env['TRIBUTARY_MODEL_SEEDS'] ?? 300);
const FIRST_SEED = Number(process.env['TRIBUTARY_SEED'] ?? 1);
const COUNT = process.env['TRIBUTARY_SEED'] === undefined ? SEEDS : 1;
const STEPS = 200;
const HOSTS = ['h1', 'h2', 'h3', 'h4'];
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
  const { clock, log, gateway } = world;
  const prometheus = random.pick(prometheis);
  switch (random.below(17)) {
    case 0:
      return await crash(world);
    case 1:
      return await gateway.scrapers.save();
    case 16:
      // One power supply for both.
      await gateway.scrapers.save();
      prometheus.losePower();
      return await crash(world);
    case 2:
      return log.forgetTail(random.pick(HOSTS), random.below(5));
    case 3:
      return prometheus.losePower();
    case 4:
      return prometheus.reconnect();
    case 5:
    case 6:
    case 7:
    case 8:
      clock.pass(random.below(15_000));
      return send(world, random.pick(HOSTS), 1 + random.below(4));
    case 9:
      return send(world, random.pick(HOSTS), random.below(100));
    default:
      clock.pass(1 + random.below(15_000));
      // Hosts go on sending while a scrape reads.
      if (random() < 0.5) log.onRead = () => send(world, random.pick(HOSTS), 1 + random.below(3));
      return await prometheus.scrape(random.pick(FATES));
  }
}

/** Time goes on in peace until everyone has everything. */
async function settle(world: World, prometheis: readonly Prometheus[]): Promise<void> {
  for (let i = 0; i < 60; i++) {
    world.clock.pass(15_000);
    for (const prometheus of prometheis) await prometheus.scrapeAll();
  }
}

function assertComplete(world: World, prometheus: Prometheus, what: string): void {
  for (const [key, points] of world.accepted) {
    const stored = prometheus.points(key);
    for (const [at, value] of points) {
      assert.equal(stored.get(at)?.value, value, `${what}: ${key} at ${at}`);
    }
    for (const at of stored.keys())
      assert.ok(points.has(at), `${what}: ${key} has a point at ${at} that was never sent`);
  }
  assert.equal(prometheus.refused, 0, `${what}: points came after newer ones`);
}

async function run(seed: number): Promise<void> {
  const random = randomOf(seed);
  const world = startWorld(random);
  const prometheis = [
    new Prometheus(world, { name: 'a' }),
    new Prometheus(world, { name: 'b', order: 'live-first' }),
    new Prometheus(world, { name: null }),
    new Prometheus(world, { name: 'c', scopes: SHARDS }),
    new Prometheus(world, { name: 'd', proxied: true }),
    new Prometheus(world, { name: null, proxied: true }),
  ];
  for (let i = 0; i < STEPS; i++) await step(world, prometheis, random);
  await settle(world, prometheis);
  assert.equal(expired(world), 0, `seed ${seed}: something was counted as never to be served`);
  for (const [i, prometheus] of prometheis.entries())
    assertComplete(world, prometheus, `seed ${seed}, Prometheus ${i}`);
}

test(`nothing is lost, nothing out of order (${COUNT} seeds)`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed++) await run(seed);
});
