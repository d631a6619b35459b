/**
 * Time, case by case (docs/PROTOCOL.md, "Time"): what befalls the clocks of a host and of its gateway, and what the gateway
 * gets. Unless a case says otherwise every batch comes, once, in order, within 50 ms of when it was truly taken.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Got, INTERVAL_MS, World } from './time-test-support.ts';

const MIN_MS = 60_000;
const HOUR_MS = 60 * MIN_MS;
const EXACT_MS = 50;

const errorOf = ({ at, trueAt }: Got) => at - trueAt;

/** Everything that was taken has come, once, in order of its time, and no batch was ever sent with two times. */
function assertWhole(world: World): void {
  assert.deepEqual(
    world.got.map(({ trueAt }) => trueAt),
    world.taken,
  );
  assert.deepEqual([world.future.length, world.skipped, world.dropped], [0, 0, 0]);
  assertStable(world);
  for (const [i, { at }] of world.got.entries()) {
    if (i > 0) assert.ok(at > (world.got[i - 1]?.at ?? 0), `batch ${i} of ${world.got.length} is not later`);
  }
}

function assertStable(world: World): void {
  for (const [key, times] of world.sentTimes) assert.equal(times.size, 1, `${key} had ${[...times]}`);
}

function assertExact(batches: readonly Got[], toleranceMs = EXACT_MS): void {
  for (const batch of batches) {
    assert.ok(Math.abs(errorOf(batch)) <= toleranceMs, `${batch.seq} is off by ${errorOf(batch)} ms`);
  }
}

interface Case {
  readonly what: string;
  /** Host's error when it boots first. */
  readonly wallErrorMs?: number;
  /** What befalls the host before it has a gateway for a minute. */
  run(world: World): void;
}

const EXACT: readonly Case[] = [
  {
    what: 'an outage, and all clocks are right',
    run(world) {
      world.pass(MIN_MS);
      world.linkFor(MIN_MS);
      world.pass(10 * MIN_MS);
    },
  },
  {
    what: 'a step forward by an hour in an outage, and back',
    run(world) {
      world.pass(5 * MIN_MS);
      world.wallErrorMs = HOUR_MS;
      world.pass(5 * MIN_MS);
      world.wallErrorMs = 0;
      world.pass(5 * MIN_MS);
    },
  },
  {
    what: 'a step far past the limit of age in an outage costs nothing',
    run(world) {
      world.linkFor(5 * MIN_MS);
      world.pass(5 * MIN_MS);
      world.restart();
      world.wallErrorMs = 30 * HOUR_MS;
      world.pass(5 * MIN_MS);
      world.wallErrorMs = 0;
      world.pass(MIN_MS);
    },
  },
  {
    what: 'a suspend of eight hours in an outage',
    run(world) {
      world.pass(5 * MIN_MS);
      world.suspend(8 * HOUR_MS);
      world.pass(5 * MIN_MS);
    },
  },
  {
    what: '+3 h at boot, set right after a minute, before the first welcome',
    wallErrorMs: 3 * HOUR_MS,
    run(world) {
      world.pass(MIN_MS);
      world.wallErrorMs = 0;
      world.pass(MIN_MS);
    },
  },
  {
    what: '+3 h at boot, set right after the first welcome',
    wallErrorMs: 3 * HOUR_MS,
    run(world) {
      world.pass(MIN_MS);
      world.link();
      world.pass(MIN_MS);
      world.wallErrorMs = 0;
      world.pass(MIN_MS);
      world.cut();
      world.pass(MIN_MS);
    },
  },
  {
    what: '-3 h at boot, never set right',
    wallErrorMs: -3 * HOUR_MS,
    run(world) {
      world.pass(10 * MIN_MS);
      world.linkFor(MIN_MS);
      world.pass(10 * MIN_MS);
      world.restart();
      world.pass(10 * MIN_MS);
    },
  },
  {
    what: '-3 h, known from a gateway; a restart in the next outage, and a boot that is right before that ends',
    wallErrorMs: -3 * HOUR_MS,
    run(world) {
      world.linkFor(MIN_MS);
      world.restart();
      world.pass(5 * MIN_MS);
      world.reboot(MIN_MS, 0);
      world.pass(MIN_MS);
    },
  },
  {
    what: 'a step of -20 min in mid-run, while connected',
    run(world) {
      world.link();
      world.pass(MIN_MS);
      world.wallErrorMs = -20 * MIN_MS;
      world.pass(5 * MIN_MS);
      world.cut();
      world.pass(5 * MIN_MS);
    },
  },
  {
    what: 'a step of -20 min in an outage, with a restart after it',
    run(world) {
      world.linkFor(MIN_MS);
      world.pass(5 * MIN_MS);
      world.wallErrorMs = -20 * MIN_MS;
      world.pass(5 * MIN_MS);
      world.restart();
      world.pass(5 * MIN_MS);
    },
  },
  {
    what: 'a step of -20 min before any welcome',
    run(world) {
      world.pass(5 * MIN_MS);
      world.wallErrorMs = -20 * MIN_MS;
      world.pass(5 * MIN_MS);
    },
  },
  {
    what: 'a container that is made anew in an outage: another boot by name, on a clock that began long before',
    run(world) {
      world.pass(5 * MIN_MS);
      world.recreate();
      world.pass(5 * MIN_MS);
      world.recreate();
    },
  },
  {
    what: 'a reboot to a clock that is a day behind what was sent',
    run(world) {
      world.link();
      world.pass(5 * MIN_MS);
      world.reboot(MIN_MS, -24 * HOUR_MS);
      world.pass(5 * MIN_MS);
    },
  },
  {
    what: 'a reboot to a clock that is two days ahead; what the boot before left is no older for that',
    run(world) {
      world.linkFor(MIN_MS);
      world.pass(5 * MIN_MS);
      world.reboot(MIN_MS, 48 * HOUR_MS);
      world.pass(5 * MIN_MS);
    },
  },
];

describe('exact, and whole', () => {
  for (const { what, wallErrorMs = 0, run } of EXACT) {
    test(what, (t) => {
      const world = new World(t, wallErrorMs);
      run(world);
      world.link();
      world.pass(MIN_MS);
      assertWhole(world);
      assertExact(world.got);
    });
  }
});

describe('boots that ended without a gateway, each with a wrong clock of its own', () => {
  const DAYS_SINCE_1970 = 1_790_000_000_000;
  for (const [what, errors] of [
    ['ahead, then behind', [3 * HOUR_MS, -HOUR_MS]],
    ['ahead twice', [3 * HOUR_MS, 5 * HOUR_MS]],
    ['never set', [-DAYS_SINCE_1970, 0]],
    ['three of them', [2 * HOUR_MS, -DAYS_SINCE_1970, 26 * HOUR_MS]],
  ] as const) {
    test(`${what}: what cannot be right is put before the boot that came after it`, (t) => {
      const world = new World(t, errors[0]);
      const firsts: number[] = [];
      for (const [i, error] of errors.entries()) {
        if (i > 0) world.reboot(MIN_MS, error);
        firsts.push(world.taken.length);
        world.pass(5 * MIN_MS);
      }
      world.link();
      world.pass(MIN_MS);
      assertWhole(world);
      assertExact(world.got.slice(firsts.at(-1)));
      // Late by the time that the machine was off, once for each boot after it, and never early.
      assertExact(world.got, (errors.length - 1) * (MIN_MS + INTERVAL_MS));
    });
  }

  test('a clock that was behind and could have been right is believed', (t) => {
    const world = new World(t, -2 * HOUR_MS);
    world.pass(5 * MIN_MS);
    const first = world.taken.length;
    world.reboot(MIN_MS, 0);
    world.pass(5 * MIN_MS);
    world.link();
    assertWhole(world);
    assertExact(world.got.slice(first));
    for (const batch of world.got.slice(0, first)) assert.equal(errorOf(batch), -2 * HOUR_MS);
  });

  test('is judged before the first tick of the new boot as well', (t) => {
    const world = new World(t, 3 * HOUR_MS);
    world.pass(5 * MIN_MS);
    world.reboot(MIN_MS, 0);
    world.link();
    assertWhole(world);
    assertExact(world.got, MIN_MS + INTERVAL_MS);
  });
});

describe('a gateway whose own clock is wrong, and right later', () => {
  /** Five minutes with its time, five without it, and one after it was set right. */
  function setRight(world: World, errorMs: number): void {
    world.gatewayErrorMs = errorMs;
    world.linkFor(5 * MIN_MS);
    const wrong = world.got.length;
    world.pass(5 * MIN_MS);
    world.gatewayErrorMs = 0;
    world.link();
    world.pass(MIN_MS);
    for (const batch of world.got.slice(0, wrong)) assert.equal(errorOf(batch), errorMs);
    assertExact(world.got.slice(wrong));
  }

  test('an hour behind: its time is used while it says so, and left with the next welcome', (t) => {
    const world = new World(t);
    setRight(world, -HOUR_MS);
    assertWhole(world);
  });

  test('three hours ahead: likewise, and what comes after is not held to the times that it made up', (t) => {
    const world = new World(t);
    setRight(world, 3 * HOUR_MS);
    assert.equal(world.got.length, world.taken.length);
    assertStable(world);
  });
});

describe('small differences', () => {
  test('a step back by 30 s while connected: time runs at half its speed until it is level', (t) => {
    const world = new World(t);
    world.link();
    world.pass(MIN_MS);
    world.wallErrorMs = -30_000;
    world.pass(2 * MIN_MS);
    assertWhole(world);
    for (const batch of world.got.slice(6)) assert.ok(errorOf(batch) <= 0 && errorOf(batch) >= -30_000);
    assert.equal(errorOf(world.got.at(-1) as Got), -30_000);
  });

  test('clocks that drift apart beyond two minutes on a long connection cost one batch', (t) => {
    const world = new World(t, 119_000);
    world.link();
    world.pass(MIN_MS);
    world.gatewayErrorMs = -3_000;
    world.pass(6 * MIN_MS);
    assert.equal(world.future.length, 1);
    assert.equal(world.got.length, world.taken.length - 1);
    // It is level with what was sent by then.
    assertExact(world.got.slice(-3), 3_000);
    assertStable(world);
  });
});
