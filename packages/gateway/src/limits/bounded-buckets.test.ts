import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedBuckets } from './bounded-buckets.ts';
import { TokenBucket } from './token-bucket.ts';

const make = (now: number) => new TokenBucket(1, 10, now);

test('a bucket is found again, and a million names take no more room than there is', () => {
  const buckets = new BoundedBuckets(make, 100);
  buckets.use('a', 0).take(20, 0);
  assert.equal(buckets.find('a')?.waitMs(0), 10_000);
  assert.equal(buckets.find('b'), undefined);
  for (let i = 0; i < 1_000_000; i++) {
    buckets.use(`host-${i}`, i / 1000).take(1, i / 1000);
    // Who is at work is not forgotten for those that come and go.
    if (i % 50 === 0) buckets.use('a', i / 1000);
  }
  assert.equal(buckets.size, 100);
  assert.equal(buckets.find('a')?.has(0, 5000), false);
});

test('full ones go first', () => {
  const buckets = new BoundedBuckets(make, 3);
  buckets.use('owes', 0).take(1000, 0);
  buckets.use('full', 0);
  buckets.use('full too', 0);
  buckets.use('new', 5000);
  assert.deepEqual([buckets.size, buckets.find('owes')?.waitMs(5000)], [2, 985_000]);
});
