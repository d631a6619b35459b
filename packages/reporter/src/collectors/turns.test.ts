import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './turns.ts';

const chosen = (isTurn: (i: number) => boolean, count: number) =>
  Array.from({ length: count }, (_, i) => i).filter(isTurn);

/** After a first tick, in which nobody can tell how long ago the one before was. */
const rounds = (ticks: number, count: number, tickMs = 10_000): number[][] => {
  const turns = createTurns();
  turns.next(count, 0);
  return Array.from({ length: ticks }, (_, i) => chosen(turns.next(count, (i + 1) * tickMs), count));
};

test('each of a few has its turn within a minute, whatever the interval', () => {
  for (const count of [1, 2, 5, 6, 20, 96]) assert.equal(new Set(rounds(6, count).flat()).size, count);
  for (const count of [1, 2, 16]) assert.equal(new Set(rounds(1, count, 60_000).flat()).size, count);
  assert.equal(new Set(rounds(1, 16, 300_000).flat()).size, 16);
  assert.equal(new Set(rounds(60, 60, 1_000).flat()).size, 60);
  assert.deepEqual(rounds(1, 0), [[]]);
});

test('at short intervals there is one a tick', () => {
  assert.deepEqual(rounds(3, 2, 1_000), [[0], [1], [0]]);
});

test('of many there are sixteen a tick, and each has its turn before any has a second', () => {
  const ticks = rounds(10, 150);
  assert.deepEqual(ticks[0], [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]);
  assert.equal(new Set(ticks.flat()).size, 150);
  assert.ok(ticks.every((tick) => tick.length === 16));
});

test('of fewer than before none is left out', () => {
  const turns = createTurns();
  turns.next(150, 0);
  const ticks = Array.from({ length: 6 }, (_, i) => chosen(turns.next(20, (i + 1) * 10_000), 20));
  assert.equal(new Set(ticks.flat()).size, 20);
});
