import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './turns.ts';

const chosen = (isTurn: (i: number) => boolean, count: number) =>
  Array.from({ length: count }, (_, i) => i).filter(isTurn);

test('few have their turn every time', () => {
  const turns = createTurns();
  for (let tick = 0; tick < 3; tick++) assert.equal(chosen(turns.next(16), 16).length, 16);
  assert.deepEqual(chosen(turns.next(0), 0), []);
});

test('many take turns, and each has one before any has a second', () => {
  const turns = createTurns();
  const first = [turns.next(40), turns.next(40), turns.next(40)].map((isTurn) => chosen(isTurn, 40));
  assert.deepEqual(first[0], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  assert.deepEqual(first[2], [0, 1, 2, 3, 4, 5, 6, 7, 32, 33, 34, 35, 36, 37, 38, 39]);
  assert.equal(new Set(first.flat()).size, 40);
  // Fewer than before: nothing is lost.
  assert.equal(chosen(turns.next(20), 20).length, 16);
});
