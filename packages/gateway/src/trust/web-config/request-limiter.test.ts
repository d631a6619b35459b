import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestLimiter } from './request-limiter.ts';
import type { RateLimit } from './web-config.ts';

test('so many at once, and then one each interval', () => {
  let now = 1000;
  let limit: RateLimit | null = null;
  const limiter = new RequestLimiter(
    () => limit,
    () => now,
  );
  const taken = (times: number) => Array.from({ length: times }, () => limiter.take()).filter(Boolean).length;
  assert.equal(taken(100), 100);
  limit = { intervalMs: 1500, burst: 3 };
  assert.equal(taken(5), 3);
  assert.equal(limiter.retrySeconds, 2);
  now += 1400;
  assert.equal(taken(5), 0);
  now += 100;
  assert.equal(taken(5), 1);
  now += 60_000;
  assert.equal(taken(5), 3);
  limit = { intervalMs: 1500, burst: 10 };
  assert.equal(taken(20), 10);
});
