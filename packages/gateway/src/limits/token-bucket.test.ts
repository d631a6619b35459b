import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from './token-bucket.ts';

test('what is saved up may come at once, and what is owed is waited for', () => {
  const bucket = new TokenBucket(100, 500, 1000);
  bucket.take(500, 1000);
  assert.equal(bucket.waitMs(1000), 0);
  bucket.take(50, 1000);
  assert.equal(bucket.waitMs(1000), 500);
  assert.equal(bucket.waitMs(1200), 300);
  assert.equal(bucket.waitMs(1500), 0);
  assert.equal(bucket.has(1, 1500), false);
  assert.equal(bucket.has(1, 1510), true);
});

test('no more is saved than it holds, and a clock that stands or goes back gives nothing', () => {
  const bucket = new TokenBucket(100, 500, 1000);
  assert.equal(bucket.isFull(0), true);
  bucket.take(100, 1000);
  assert.equal(bucket.isFull(1000), false);
  assert.equal(bucket.isFull(500), false);
  assert.equal(bucket.isFull(2000), true);
  assert.equal(bucket.has(501, 1e9), false);
});
