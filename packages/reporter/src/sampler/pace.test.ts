import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALM_MS, type IntervalSetting, Pace, type Shortage, SLOWED_MS_MAX, WISH_MS_MAX } from './pace.ts';

function paced(interval: IntervalSetting) {
  const world = {
    interval,
    slowdown: 1,
    now: 0,
    shortage: 'calm' as Shortage,
    changes: [] as number[],
    why: '',
  };
  const pace = new Pace({
    interval: () => world.interval,
    slowdown: () => world.slowdown,
    shortage: () => world.shortage,
    monotonic: () => world.now,
    onChange: (_, ms, why) => {
      world.changes.push(ms);
      world.why = why;
    },
  });
  /** Ticks for so long, at the pace itself. */
  const tickFor = (ms: number) => {
    const end = world.now + ms;
    while (world.now < end) {
      world.now += pace.intervalMs;
      pace.observe(false);
    }
  };
  return { world, pace, tickFor };
}

test('a fixed interval stays, however short of CPU the host is', () => {
  const { world, pace, tickFor } = paced(15_000);
  world.shortage = 'short';
  tickFor(120_000);
  assert.equal(pace.intervalMs, 15_000);
  assert.deepEqual(world.changes, []);
});

test('auto slows down a step a tick, to 30 s and no further', () => {
  const { world, pace, tickFor } = paced('auto');
  assert.equal(pace.intervalMs, 5_000);
  world.shortage = 'short';
  tickFor(200_000);
  assert.deepEqual(world.changes, [10_000, 20_000, 30_000]);
  assert.equal(pace.intervalMs, 30_000);
});

test('auto comes back a step for each minute of calm, and what is between counts for neither', () => {
  const { world, pace, tickFor } = paced('auto');
  world.shortage = 'short';
  tickFor(60_000);
  world.shortage = 'between';
  tickFor(10 * CALM_MS);
  assert.equal(pace.intervalMs, 30_000);
  world.shortage = 'calm';
  tickFor(CALM_MS - 1);
  assert.equal(pace.intervalMs, 30_000);
  tickFor(4 * CALM_MS);
  assert.deepEqual(world.changes, [10_000, 20_000, 30_000, 20_000, 10_000, 5_000]);
});

test('a tick that began late slows it down as well', () => {
  const { world, pace } = paced('auto');
  pace.observe(true);
  assert.deepEqual([world.changes, world.why], [[10_000], 'a tick began late']);
});

test('the gateway may wish for slower, not for quicker, and not for silence', () => {
  const { pace } = paced(10_000);
  pace.wish(30_000);
  assert.equal(pace.intervalMs, 30_000);
  pace.wish(1_000);
  assert.equal(pace.intervalMs, 10_000);
  pace.wish(86_400_000);
  assert.equal(pace.intervalMs, WISH_MS_MAX);
  pace.wish(0);
  assert.equal(pace.intervalMs, 10_000);
});

test('while the reporter itself takes too much it is slower, within bounds', () => {
  const { world, pace } = paced(15_000);
  world.slowdown = 4;
  assert.equal(pace.intervalMs, 60_000);
  world.slowdown = 64;
  assert.equal(pace.intervalMs, SLOWED_MS_MAX);
  assert.equal(pace.paced(1_000), 64_000);
  pace.wish(90_000);
  assert.equal(pace.paced(1_000), 90_000);
  pace.wish(0);
  world.interval = 2 * WISH_MS_MAX;
  assert.equal(pace.intervalMs, 2 * WISH_MS_MAX);
  world.slowdown = 1;
  assert.equal(pace.intervalMs, 2 * WISH_MS_MAX);
});

test('another interval holds at once, and auto begins anew with it', () => {
  const { world, pace, tickFor } = paced('auto');
  world.shortage = 'short';
  tickFor(60_000);
  assert.equal(pace.intervalMs, 30_000);
  world.interval = 15_000;
  assert.equal(pace.intervalMs, 15_000);
  tickFor(15_000);
  world.interval = 'auto';
  assert.equal(pace.intervalMs, 5_000);
});
