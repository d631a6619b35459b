import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Claims, TARGETS_SERIES_MAX } from './claims.ts';

const [A, B] = [{}, {}];

test('who comes first tells a name, until it gives it back', () => {
  const claims = new Claims();
  assert.ok(claims.claim(A, 'x', 'up'));
  assert.ok(claims.claim(A, 'x', 'up'));
  assert.ok(!claims.claim(B, 'x', 'up'));
  assert.ok(claims.claim(B, 'x', 'down'));
  assert.ok(claims.claim(B, 'y', 'up'));
  const { version } = claims;
  assert.ok(claims.release(A));
  assert.ok(!claims.release(A));
  assert.notEqual(claims.version, version);
  assert.ok(claims.claim(B, 'x', 'up'));
});

test("a target's own labels are nobody else's", () => {
  const claims = new Claims();
  claims.settle(A, 'x');
  assert.ok(!claims.claim(B, 'x', 'up'));
  assert.ok(claims.claim(A, 'x', 'up'));
});

test('all targets share what the host may have', () => {
  const claims = new Claims();
  assert.ok(claims.reserve(A, TARGETS_SERIES_MAX - 10));
  assert.ok(!claims.reserve(B, 11));
  assert.ok(claims.reserve(B, 10));
  assert.ok(claims.reserve(A, 5));
  assert.ok(claims.reserve(B, TARGETS_SERIES_MAX - 5));
});
