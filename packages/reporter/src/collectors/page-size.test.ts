import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createPageSize, parsePageSize } from './page-size.ts';
import { temporaryRoots } from './test-support.ts';

test('is found among the other values', () => {
  const auxv = new BigUint64Array([3n, 64n, 6n, 65536n, 0n, 0n]);
  assert.equal(parsePageSize(new Uint8Array(auxv.buffer)), 65536);
});

test('is the usual one where nothing is said', (t) => {
  assert.equal(parsePageSize(new Uint8Array([1, 2, 3])), 4096);
  assert.equal(createPageSize(temporaryRoots(t, {}))(), 4096);
});

test('agrees with getconf', { skip: process.platform !== 'linux' }, () => {
  const said = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));
  assert.equal(parsePageSize(readFileSync('/proc/self/auxv')), said);
});
