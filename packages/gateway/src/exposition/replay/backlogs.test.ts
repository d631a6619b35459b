import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backlogs } from './backlogs.ts';
import { ACTIVE_MS } from './scrapers.ts';

const OVERLAP_MS = 60_000;
const MINUTE_MS = 60_000;

function bench(intervalMs = 15_000) {
  const backlogs = new Backlogs(OVERLAP_MS);
  let now = 10 * ACTIVE_MS;
  return (lagMs: number, { name = 'p', idleMs = 0 } = {}) => {
    now += 15_000;
    const cursor = { key: { name, selection: '' }, askedAt: now - idleMs };
    const caughtUp = backlogs.look([{ cursor, lagMs, intervalMs }], now);
    return caughtUp.map(({ scraper, mostMs }) => `${scraper.name} ${mostMs / MINUTE_MS}`);
  };
}

test('a scraper that was behind is told of when it has caught up, once, and by how much it was behind', () => {
  const look = bench();
  for (const lagMs of [30_000, 5 * MINUTE_MS, 10 * MINUTE_MS, 3 * MINUTE_MS])
    assert.deepEqual(look(lagMs), []);
  assert.deepEqual(look(30_000), ['p 10']);
  assert.deepEqual(look(30_000), []);
});

test('what is usual for its interval is no backlog', () => {
  for (const intervalMs of [1_000, 15_000, 60_000]) {
    const look = bench(intervalMs);
    // Behind a proxy places trail by the overlap and some scrapes.
    for (const lagMs of [2 * intervalMs, OVERLAP_MS + 6 * intervalMs, OVERLAP_MS + 7 * intervalMs, 0])
      assert.deepEqual(look(lagMs), [], `${intervalMs}`);
  }
});

test('one that has gone has not caught up, however little is kept for it', () => {
  const look = bench();
  look(50 * MINUTE_MS);
  assert.deepEqual(look(0, { idleMs: 2 * ACTIVE_MS }), []);
  assert.deepEqual(look(20 * MINUTE_MS), []);
  assert.deepEqual(look(0), ['p 50']);
  look(50 * MINUTE_MS);
  look(0, { name: 'another' });
  assert.deepEqual(look(0), [], 'it was removed meanwhile');
});
