import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_CODES, CLOSE_GOING_AWAY, CLOSE_INTERNAL, CLOSE_NORMAL } from './close-codes.ts';
import { REFUSALS } from './errors.ts';

test('every refusal has one close code, and the only others are the two silent ends', () => {
  assert.deepEqual(Object.keys(CLOSE_CODES).sort(), [...Object.keys(REFUSALS), 'REPLACED', 'SILENT'].sort());
});

test('close codes are in 4000–4099, and no number stands twice', () => {
  const codes = Object.values(CLOSE_CODES);
  assert.equal(new Set<number>(codes).size, codes.length);
  for (const code of codes) assert.ok(Number.isInteger(code) && code >= 4000 && code <= 4099, String(code));
});

test('a number that was given is never given another meaning', () => {
  assert.deepEqual(CLOSE_CODES, {
    DUPLICATE_HOST: 4001,
    SEQ_GAP: 4002,
    SEQ_CONFLICT: 4003,
    RATE: 4004,
    DRAINING: 4005,
    BAD_FRAME: 4010,
    FRAME_TOO_LARGE: 4011,
    SHAPE_CONFLICT: 4012,
    UNAUTHORIZED: 4020,
    REVOKED: 4021,
    NAME_TAKEN: 4022,
    VERSION: 4023,
    REPLACED: 4030,
    SILENT: 4031,
  });
  assert.deepEqual([CLOSE_NORMAL, CLOSE_GOING_AWAY, CLOSE_INTERNAL], [1000, 1001, 1011]);
});
