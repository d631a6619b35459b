import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Told } from './told.ts';

test('a thing is news once, or once in a while', () => {
  let now = 0;
  const told = new Told(2, 1000, () => now);
  assert.deepEqual(
    ['a', 'a', 'b', 'a'].map((what) => told.isNews(what)),
    [true, false, true, false],
  );
  now = 1000;
  assert.deepEqual([told.isNews('a'), told.isNews('a')], [true, false]);
  const forever = new Told(2, Number.POSITIVE_INFINITY, () => now);
  forever.isNews('a');
  now = 1e12;
  assert.equal(forever.isNews('a'), false);
});

test('no more is remembered than there is room for', () => {
  const told = new Told(2, Number.POSITIVE_INFINITY, () => 0);
  for (const what of ['a', 'b', 'c']) told.isNews(what);
  assert.deepEqual(
    ['b', 'c', 'a'].map((what) => told.isNews(what)),
    [false, false, true],
  );
});
