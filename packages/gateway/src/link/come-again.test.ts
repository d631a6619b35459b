import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comeAgainMs } from './come-again.ts';

test('the more hosts there are, the longer they are spread', () => {
  assert.equal(
    comeAgainMs(10_000, () => 0),
    500,
  );
  assert.equal(
    comeAgainMs(1, () => 0.999),
    509,
  );
  assert.equal(
    comeAgainMs(500, () => 0.5),
    3000,
  );
  assert.equal(
    comeAgainMs(10_000, () => 0.9999),
    14_998,
  );
});
