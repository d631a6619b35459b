import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presentCount } from './column.ts';

test('absent values are not counted, and everything else is, NaN too', () => {
  const values = Float64Array.of(1, Number.NaN, 0, 4);
  assert.equal(presentCount({ values, absent: null }), 4);
  assert.equal(presentCount({ values, absent: Uint8Array.of(0, 0, 0, 0) }), 4);
  assert.equal(presentCount({ values, absent: Uint8Array.of(1, 0, 1, 0) }), 2);
  assert.equal(presentCount({ values, absent: Uint8Array.of(1, 1, 1, 1) }), 0);
  assert.equal(presentCount({ values: new Float64Array(), absent: null }), 0);
});
