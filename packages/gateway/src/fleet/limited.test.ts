import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Limited } from './limited.ts';

test('a limit is in force from the first of the times that followed one another, until a while after the last', () => {
  const limited = new Limited();
  assert.deepEqual(limited.inForce(0), []);
  limited.passed('series', 1000);
  limited.passed('series', 90_000);
  limited.slowed('samples', 500, 95_000);
  assert.deepEqual(limited.inForce(100_000), [
    { limit: 'series', since: 1000, last: 90_000 },
    { limit: 'samples', since: 95_000, last: 95_000 },
  ]);
  assert.deepEqual(limited.inForce(211_000), [{ limit: 'samples', since: 95_000, last: 95_000 }]);
  limited.passed('series', 300_000);
  limited.clockStepped(-1000);
  assert.deepEqual(limited.inForce(299_000), [{ limit: 'series', since: 299_000, last: 299_000 }]);
  assert.deepEqual([...limited.counts], [['series', 3]]);
  assert.deepEqual([...limited.slowedMs], [['samples', 500]]);
});
