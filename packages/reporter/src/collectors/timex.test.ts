import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { collectOnce } from './test-support.ts';
import { createTimexCollector } from './timex.ts';

test('has no data', async () => {
  await assert.rejects(async () => collectOnce(createTimexCollector()), NoDataError);
});
