import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createKernelHungCollector } from './kernel-hung.ts';
import { collectOnce, FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('tells the count', async () => {
  const text = await renderOnce(createKernelHungCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_kernel_hung_tasks_total'), ['2']);
});

test('an older kernel has no data', async (t) => {
  await assert.rejects(
    async () => collectOnce(createKernelHungCollector(temporaryRoots(t, {}))),
    NoDataError,
  );
});
