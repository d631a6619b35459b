import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';
import { createXfsCollector, parseXfsStats } from './xfs.ts';

test('takes the lines that it knows', () => {
  const stats = parseXfsStats('abt 1 2 3 4\nnew_line 5\nvnodes 1 2 3 4 5 6 7 8\n');
  assert.deepEqual(
    [...stats],
    [
      ['abt', [1, 2, 3, 4]],
      ['vnodes', [1, 2, 3, 4, 5, 6, 7]],
    ],
  );
});

test('a cut line and garbage are errors', () => {
  assert.throws(() => parseXfsStats('abt 1 2\n'), /too few fields/);
  assert.throws(() => parseXfsStats('rw 1 x\n'), /x is no number/);
});

test('tells each device, writes before reads', async () => {
  const text = await renderOnce(createXfsCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_xfs_write_calls_total'), ['{device="sda2"} 107739']);
  assert.deepEqual(samplesOf(text, 'node_xfs_read_calls_total'), ['{device="sda2"} 94045']);
});

test('a host without XFS tells nothing, nor do the sums of all devices', async (t) => {
  assert.equal(await renderOnce(createXfsCollector(temporaryRoots(t, {}))), '');
  const roots = temporaryRoots(t, { 'sys/fs/xfs/stats/stats': 'abt 1 2 3 4\n' });
  assert.equal(await renderOnce(createXfsCollector(roots)), '');
});
