import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createSchedstatCollector, parseSchedstat } from './schedstat.ts';
import { collectOnce, FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('takes the last three numbers of each CPU, and no domain', () => {
  const text = 'version 15\ntimestamp 4301\ncpu12 0 0 0 0 0 0 2500000000 500000000 7\ndomain0 3 0 0\n';
  assert.deepEqual(parseSchedstat(text), [
    { cpu: '12', runningSeconds: 2.5, waitingSeconds: 0.5, timeslices: 7 },
  ]);
});

test('a cut line is an error', () => {
  assert.throws(() => parseSchedstat('cpu0 0 0 0\n'), /too few fields/);
});

test('tells each CPU', async () => {
  const text = await renderOnce(createSchedstatCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_schedstat_timeslices_total'), [
    '{cpu="0"} 7361',
    '{cpu="1"} 7400000',
  ]);
});

test('a kernel that does not count has no data', async (t) => {
  await assert.rejects(async () => collectOnce(createSchedstatCollector(temporaryRoots(t, {}))), NoDataError);
});
