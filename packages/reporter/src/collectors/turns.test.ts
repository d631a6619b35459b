import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './turns.ts';

const chosen = (isTurn: (i: number) => boolean, count: number) =>
  Array.from({ length: count }, (_, i) => i).filter(isTurn);

const rounds = (ticks: number, count: number): number[][] => {
  const turns = createTurns();
  return Array.from({ length: ticks }, () => chosen(turns.next(count), count));
};

test('each of a few has its turn within six ticks', () => {
  for (const count of [1, 2, 5, 6, 20, 96]) assert.equal(new Set(rounds(6, count).flat()).size, count);
  assert.deepEqual(rounds(3, 2), [[0], [1], [0]]);
  assert.deepEqual(rounds(1, 0), [[]]);
});

test('of many there are sixteen a tick, and each has its turn before any has a second', () => {
  const first = rounds(10, 150);
  assert.deepEqual(first[0], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  assert.deepEqual(first[9], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 144, 145, 146, 147, 148, 149]);
  assert.equal(new Set(first.flat()).size, 150);
});

test('of fewer than before none is left out', () => {
  const turns = createTurns();
  turns.next(150);
  assert.equal(new Set(Array.from({ length: 6 }, () => chosen(turns.next(20), 20)).flat()).size, 20);
});
