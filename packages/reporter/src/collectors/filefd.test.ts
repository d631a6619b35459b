import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFilefdCollector, parseFileNr } from './filefd.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from './test-support.ts';

test('parses the first and the third number', () => {
  assert.deepEqual(parseFileNr('1142\t0\t2466160\n'), { allocated: 1142, maximum: 2466160 });
});

test('too few numbers and garbage are errors', () => {
  assert.throws(() => parseFileNr('1142\t0\n'), /too few fields/);
  assert.throws(() => parseFileNr('a b c\n'), /a is no number/);
});

test('tells both', async () => {
  const text = await renderOnce(createFilefdCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_filefd_allocated'), ['1142']);
});
