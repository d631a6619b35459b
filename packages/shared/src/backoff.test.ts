import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';

const ALMOST_ONE = 1 - Number.EPSILON;
const backoff = (random: () => number) => new Backoff({ initialMs: 500, maxMs: 15_000, random });
const take = (count: number, from: Backoff) => Array.from({ length: count }, () => from.next());

test('the longest pause doubles up to its bound', () => {
  const pauses = take(
    8,
    backoff(() => ALMOST_ONE),
  );
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
});

test('what is tried seldom is spread around its pause', () => {
  assert.deepEqual(
    [0, 0.5, ALMOST_ONE].map((dice) => backoff(() => dice).about(1000)),
    [500, 1000, 1500],
  );
});

test('the jitter is full: a pause may be anything from nothing on', () => {
  assert.deepEqual(
    take(
      3,
      backoff(() => 0),
    ),
    [0, 0, 0],
  );
  assert.deepEqual(
    take(
      3,
      backoff(() => 0.5),
    ),
    [250, 500, 1000],
  );
});

test('a pause is whole milliseconds', () => {
  assert.ok(
    take(
      20,
      backoff(() => 0.123_456),
    ).every(Number.isInteger),
  );
});

test('a connection that proved itself begins anew', () => {
  const pauses = backoff(() => ALMOST_ONE);
  take(5, pauses);
  pauses.reset();
  assert.deepEqual(take(2, pauses), [500, 1000]);
});

test('a gateway that is away for months changes nothing', () => {
  const pauses = take(
    5000,
    backoff(() => ALMOST_ONE),
  );
  assert.equal(Math.max(...pauses), 15_000);
  assert.equal(pauses.at(-1), 15_000);
});

test('a bound below the first pause holds from the first', () => {
  assert.equal(new Backoff({ initialMs: 500, maxMs: 100, random: () => ALMOST_ONE }).next(), 100);
});
