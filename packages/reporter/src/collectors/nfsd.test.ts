import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createNfsdCollector } from './nfsd.ts';
import { collectOnce, FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('tells each line by its place', async () => {
  const text = await renderOnce(createNfsdCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_nfsd_server_threads'), ['8']);
  assert.deepEqual(samplesOf(text, 'node_nfsd_read_ahead_cache_not_found_total'), ['1']);
  assert.deepEqual(samplesOf(text, 'node_nfsd_rpc_errors_total'), [
    '{error="fmt"} 1',
    '{error="auth"} 2',
    '{error="cInt"} 3',
  ]);
  const requests = samplesOf(text, 'node_nfsd_requests_total');
  assert.ok(requests.includes('{proto="4",method="RelLockOwner"} 5'));
  assert.ok(requests.includes('{proto="4",method="WdelegGetattr"} 15'));
  assert.ok(!requests.some((sample) => sample.includes('"-"') || sample.includes('"Null"')));
});

test('a host without the server has no data', async (t) => {
  await assert.rejects(async () => collectOnce(createNfsdCollector(temporaryRoots(t, {}))), NoDataError);
});
