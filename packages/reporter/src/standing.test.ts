import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Standing } from './standing.ts';

test('ready is who has sampled lately and could keep it', () => {
  let now = 0;
  const standing = new Standing(
    () => 10_000,
    () => now,
  );
  assert.equal(standing.notReady, 'the host was not sampled yet');
  standing.note('');
  now = 30_000;
  assert.equal(standing.notReady, null);
  assert.equal(standing.sampledAgoMs, 30_000);
  now = 30_400;
  assert.equal(standing.notReady, 'the host was not sampled for 30s');
  standing.note('database or disk is full (SQLITE_FULL)');
  assert.equal(standing.notReady, 'the spool takes nothing: database or disk is full (SQLITE_FULL)');
  standing.note('');
  assert.equal(standing.notReady, null);
});
