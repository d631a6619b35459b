import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoadavgCollector, parseLoad } from './loadavg.ts';
import { collectOnce, temporaryRoots } from './test-support.ts';

test('parses the three averages', () => {
  assert.deepEqual(parseLoad('0.42 0.37 1.05 2/611 902144\n'), [0.42, 0.37, 1.05]);
});

test('an error names the file and shows the line', async (t) => {
  const roots = temporaryRoots(t, { 'proc/loadavg': '0.42 much 1.05\n' });
  await assert.rejects(
    async () => collectOnce(createLoadavgCollector(roots)),
    (error: Error) => /proc\/loadavg: much is no number: "0\.42 much 1\.05"$/.test(error.message),
  );
});

test('a truncated file is an error', () => {
  assert.throws(() => parseLoad(''), /expected three load averages: ""/);
  assert.throws(() => parseLoad('0.42 0.3'), /expected three load averages/);
});

test('a missing file is an error that names it', async (t) => {
  const roots = temporaryRoots(t, {});
  await assert.rejects(async () => collectOnce(createLoadavgCollector(roots)), /ENOENT.*proc\/loadavg/);
});
