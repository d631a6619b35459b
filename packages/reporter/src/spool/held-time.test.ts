import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldAge } from './held-time.ts';
import type { Spool } from './spool.ts';
import { INTERVAL_MS, openSpool, START_AT, shapeOf } from './test-support.ts';

const STEP_MS = INTERVAL_MS / 2;
const FED = shapeOf('fed');

test('an age is what it is while the batches go as the clock does', () => {
  const ticks = [
    { mono: 90, at: 1090 },
    { mono: 80, at: 1080 },
  ];
  for (const age of [0, 3, 10, 15, 20, 500]) assert.equal(heldAge(age, { mono: 100, at: 1100 }, ticks), age);
  assert.equal(heldAge(7, { mono: 100, at: 1100 }, []), 7);
});

test('a clock that is steered changes no age', () => {
  const now = { mono: 20_000, at: 1_019_990 };
  const ticks = [
    { mono: 10_000, at: 1_009_997 },
    { mono: 0, at: 1_000_060 },
  ];
  for (const age of [3, 9_999, 10_000, 15_000, 60_000]) assert.equal(heldAge(age, now, ticks), age);
});

test('while the batches go slower, what was taken between two of them stays between them', () => {
  const now = { mono: 100_000, at: 1_095_000 };
  const ticks = [{ mono: 90_000, at: 1_090_000 }];
  assert.deepEqual(
    [0, 4_000, 8_000, 10_000].map((age) => now.at - heldAge(age, now, ticks)),
    [1_095_000, 1_093_000, 1_091_000, 1_090_000],
  );
  const before = now.at - heldAge(30_000, now, ticks);
  assert.equal(before, 1_070_000, 'what was taken earlier was told by the earlier clock');
});

test('after a step forward all is by the new clock', () => {
  const now = { mono: 100, at: 5100 };
  for (const age of [3, 10, 30]) assert.equal(heldAge(age, now, [{ mono: 90, at: 1090 }]), age);
});

/** The moments of what a feed told, in the order of the log. */
function fedMoments(spool: Spool): number[] {
  return spool
    .read(1, Number.POSITIVE_INFINITY)
    .flatMap(({ at, groups }) =>
      (JSON.parse(groups) as { shape: number; at?: number }[]).map((group) => group.at ?? at),
    );
}

/**
 * Ticks while the clock is set back by 45 s and forward again, with what a feed took so long before each, in ms.
 * @param ages by the number of the tick; each tells one that is later than the one before.
 */
function play(spool: Spool, ages: (tick: number) => readonly number[]): number[] {
  for (let tick = 0; tick < 40; tick++) {
    const mono = tick * INTERVAL_MS;
    const behindMs = tick >= 10 && tick < 30 ? 45_000 : 0;
    spool.append(
      { at: START_AT + mono - behindMs, boot: 'boot-1', mono },
      ages(tick).map((ageMs) => [{ shape: FED, values: [tick], ageMs }]),
      { willSend: true, timeIsSure: true, stepMs: STEP_MS },
    );
  }
  return fedMoments(spool);
}

function assertRising(moments: readonly number[], count: number): void {
  assert.equal(moments.length, count);
  for (const [i, at] of moments.entries())
    if (i > 0) assert.ok(at > (moments[i - 1] ?? 0), `${i}: ${at} after ${moments[i - 1]}`);
}

test('what a feed tells keeps its order while the clock is set back, and afterwards', (t) => {
  const jitter = (tick: number) => (tick * 7_919) % 9_000;
  assertRising(
    play(openSpool(t), (tick) => [jitter(tick)]),
    40,
  );
});

test('so does what lags by more than the ticks are apart, and several layers of a tick', (t) => {
  const lag = (tick: number) => 60_000 + ((tick * 7_919) % 9_000);
  assertRising(
    play(openSpool(t), (tick) => [lag(tick)]),
    40,
  );
  assertRising(
    play(openSpool(t), () => [9_000, 6_000, 3_000]),
    120,
  );
});

test('the last tick is heeded even where its batches are gone', (t) => {
  const spool = openSpool(t, { keepAckedMs: 0 });
  const append = (mono: number, at: number, ageMs: number) =>
    spool.append({ at, boot: 'boot-1', mono }, [[{ shape: FED, values: [1], ageMs }]], {
      willSend: true,
      timeIsSure: true,
      stepMs: STEP_MS,
    });
  append(0, START_AT, 0);
  spool.ack(1, 1);
  append(INTERVAL_MS, START_AT - 50_000, 8_000);
  assert.deepEqual(fedMoments(spool).at(-1), START_AT + STEP_MS / 5);
});
