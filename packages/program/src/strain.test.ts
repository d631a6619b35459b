import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  STRAIN_FALL_MS,
  STRAIN_FALL_MS_MAX,
  STRAIN_LEVEL_MAX,
  STRAIN_LOOK_MS,
  STRAIN_RISE_MS,
  Strain,
} from './strain.ts';

const MB = 1_000_000;

function bench() {
  const world = { now: 0, busy: 0, memoryBytes: 0, limits: { busy: 0.5, memoryBytes: 100 * MB } };
  const told: string[] = [];
  const strain = new Strain({
    limits: () => world.limits,
    read: () => ({ busy: world.busy, memoryBytes: world.memoryBytes }),
    monotonic: () => world.now,
    onChange: (level, cause) => void told.push(`${level} ${cause}`),
  });
  const lookFor = (ms: number) => {
    for (const end = world.now + ms; world.now < end; ) {
      world.now += STRAIN_LOOK_MS;
      strain.look();
    }
  };
  return { world, told, strain, lookFor };
}

test('a moment of work is nothing', () => {
  const { world, told, lookFor } = bench();
  for (let i = 0; i < 20; i++) {
    world.busy = 1;
    lookFor(STRAIN_RISE_MS);
    world.busy = 0.4;
    lookFor(STRAIN_LOOK_MS);
  }
  assert.deepEqual(told, []);
});

test('it rises while a limit is passed, as far as it goes, and falls in the end', () => {
  const { world, told, strain, lookFor } = bench();
  world.busy = 0.6;
  lookFor(STRAIN_RISE_MS * (STRAIN_LEVEL_MAX + 3));
  assert.equal(strain.level, STRAIN_LEVEL_MAX);
  // Below the limit, and not well below.
  world.busy = 0.3;
  lookFor(STRAIN_FALL_MS * 3);
  assert.equal(strain.level, STRAIN_LEVEL_MAX);
  world.busy = 0.2;
  lookFor(STRAIN_FALL_MS * (STRAIN_LEVEL_MAX + 2));
  assert.equal(strain.level, 0);
  assert.deepEqual(told, ['1 cpu', '2 cpu', '3 cpu', '4 cpu', '3 null', '2 null', '1 null', '0 null']);
});

test('where each fall brings it back over the limit, it falls ever more seldom', () => {
  const { world, strain, lookFor } = bench();
  // What a level saves brings it well below the limit, and without it it is over.
  const falls: number[] = [];
  let before = 0;
  let roseAt = 0;
  for (const end = 6 * 3_600_000; world.now < end; ) {
    world.busy = strain.level === 0 ? 0.6 : 0.2;
    lookFor(STRAIN_LOOK_MS);
    if (strain.level > before) roseAt = world.now;
    if (strain.level < before) falls.push(world.now - roseAt);
    before = strain.level;
  }
  const steps = [1, 2, 4, 8, 16].map((times) => times * STRAIN_FALL_MS);
  assert.deepEqual(
    falls.slice(0, 5).map((ms) => Math.round(ms / STRAIN_FALL_MS) * STRAIN_FALL_MS),
    steps,
  );
  assert.equal(steps[4], STRAIN_FALL_MS_MAX);
  assert.ok(falls.length < 16, `${falls.length} falls`);
  // A long time without it, and it is as it was.
  world.busy = 0.2;
  lookFor(STRAIN_FALL_MS_MAX * 2);
  world.busy = 0.6;
  lookFor(STRAIN_RISE_MS + STRAIN_LOOK_MS);
  assert.equal(strain.level, 1);
  world.busy = 0.2;
  lookFor(STRAIN_FALL_MS + STRAIN_LOOK_MS);
  assert.equal(strain.level, 0);
});

test('memory counts as well, and is what is named first', () => {
  const { world, told, lookFor } = bench();
  Object.assign(world, { busy: 0.6, memoryBytes: 101 * MB });
  lookFor(STRAIN_RISE_MS + STRAIN_LOOK_MS);
  assert.deepEqual(told, ['1 memory']);
  Object.assign(world, { busy: 0, memoryBytes: 80 * MB });
  lookFor(STRAIN_FALL_MS + STRAIN_LOOK_MS);
  assert.deepEqual(told, ['1 memory', '0 null']);
});

test('memory that is not given back slows nothing down for ever, and growth does', () => {
  const { world, told, lookFor } = bench();
  world.memoryBytes = 150 * MB;
  lookFor(STRAIN_RISE_MS + STRAIN_LOOK_MS);
  lookFor(STRAIN_FALL_MS * 10);
  assert.deepEqual(told, ['1 memory', '0 null']);
  world.memoryBytes = 170 * MB;
  lookFor(STRAIN_RISE_MS + STRAIN_LOOK_MS);
  world.memoryBytes = 190 * MB;
  lookFor(STRAIN_RISE_MS + STRAIN_LOOK_MS);
  assert.deepEqual(told.slice(2), ['1 memory', '2 memory']);
  // Back below the limit, it counts anew.
  world.memoryBytes = 50 * MB;
  lookFor(STRAIN_FALL_MS * 3);
  world.memoryBytes = 110 * MB;
  lookFor(STRAIN_RISE_MS + STRAIN_LOOK_MS);
  assert.deepEqual(told.slice(4), ['1 null', '0 null', '1 memory']);
});

test('without limits there is no strain, and one that was goes', () => {
  const { world, strain, lookFor } = bench();
  world.busy = 1;
  lookFor(STRAIN_RISE_MS + STRAIN_LOOK_MS);
  assert.equal(strain.level, 1);
  world.limits = { busy: 0, memoryBytes: 0 };
  lookFor(STRAIN_FALL_MS + STRAIN_LOOK_MS);
  assert.equal(strain.level, 0);
  lookFor(STRAIN_RISE_MS * 2);
  assert.equal(strain.level, 0);
});
