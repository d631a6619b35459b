import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKsmdCollector } from './ksmd.ts';
import { collectOnce, FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('tells each file, times in seconds', async () => {
  const text = await renderOnce(createKsmdCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_ksmd_full_scans_total'), ['323']);
  assert.deepEqual(samplesOf(text, 'node_ksmd_sleep_seconds'), ['0.02']);
});

test('a kernel without it is an error, as in node_exporter', async (t) => {
  await assert.rejects(async () => collectOnce(createKsmdCollector(temporaryRoots(t, {}))), /ENOENT/);
});
