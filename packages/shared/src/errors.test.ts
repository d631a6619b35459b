import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_CODES } from './close-codes.ts';
import {
  isRefuseCode,
  isRejectCode,
  REFUSALS,
  REJECT_CODES,
  type RefuseCode,
  RefuseError,
  type Retry,
} from './errors.ts';

/** docs/PROTOCOL.md, "Errors". */
const RETRIES: Record<Retry, RefuseCode[]> = {
  later: ['DUPLICATE_HOST', 'SEQ_GAP', 'RATE', 'DRAINING'],
  'new-epoch': ['SEQ_CONFLICT'],
  frame: ['BAD_FRAME', 'FRAME_TOO_LARGE', 'SHAPE_CONFLICT'],
  never: ['UNAUTHORIZED', 'REVOKED', 'NAME_TAKEN', 'VERSION'],
};

test('each refusal says whether to come back', () => {
  const told = Object.entries(RETRIES).flatMap(([retry, codes]) => codes.map((code) => [code, retry]));
  assert.deepEqual(Object.fromEntries(told), REFUSALS);
});

test('an error has the close code and the retry of its code', () => {
  for (const code of Object.keys(REFUSALS) as RefuseCode[]) {
    const error = new RefuseError(code, 'why', 5);
    assert.deepEqual(
      [error.name, error.message, error.code, error.closeCode, error.retry, error.retryAfterMs],
      ['RefuseError', 'why', code, CLOSE_CODES[code], REFUSALS[code], 5],
    );
  }
  assert.equal(new RefuseError('RATE', '').retryAfterMs, undefined);
});

test('no code is both a reject and a refusal, and none stands twice', () => {
  const codes = [...REJECT_CODES, ...Object.keys(REFUSALS)];
  assert.equal(new Set(codes).size, codes.length);
  assert.ok(codes.every((code) => /^[A-Z][A-Z_]{1,63}$/.test(code)));
});

test('a code is told from any other text', () => {
  for (const code of REJECT_CODES) assert.deepEqual([isRejectCode(code), isRefuseCode(code)], [true, false]);
  for (const code of Object.keys(REFUSALS)) {
    assert.deepEqual([isRejectCode(code), isRefuseCode(code)], [false, true]);
  }
  for (const text of ['', 'bad_frame', 'constructor', '__proto__', 'toString', 'REPLACED', 'length']) {
    assert.deepEqual([isRejectCode(text), isRefuseCode(text)], [false, false], text);
  }
});
