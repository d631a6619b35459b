import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSoftirqsCollector, parseSoftirqs } from './softirqs.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from './test-support.ts';

test('parses a number for each CPU', () => {
  const { counts, cpus } = parseSoftirqs('       CPU0    CPU1  \n   HI:   3   4\nTIMER:  5 6\n');
  assert.deepEqual(cpus, ['0', '1']);
  assert.deepEqual(counts.get('TIMER'), [5, 6]);
});

test('an empty file, a cut line and garbage are errors', () => {
  assert.throws(() => parseSoftirqs(''), /the line of CPUs is missing/);
  assert.throws(() => parseSoftirqs('CPU0 CPU1\nHI: 1\n'), /too few fields/);
  assert.throws(() => parseSoftirqs('CPU0\nwhat is this\n'), /expected "KIND: numbers"/);
});

test('tells each kind and CPU', async () => {
  const text = await renderOnce(createSoftirqsCollector(FIXTURE_ROOTS));
  assert.equal(samplesOf(text, 'node_softirqs_functions_total')[1], '{cpu="1",type="HI"} 0');
});
