import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMeminfoNumaCollector, parseNodeMeminfo, parseNumastat } from './meminfo-numa.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('sizes become bytes, and parentheses part of the name', () => {
  const fields = parseNodeMeminfo('Node 0 Active(anon):   2 kB\nNode 0 HugePages_Total:     4\n');
  assert.deepEqual(
    [...fields],
    [
      ['Active_anon', 2048],
      ['HugePages_Total', 4],
    ],
  );
  assert.deepEqual([...parseNumastat('numa_hit 7\n')], [['numa_hit_total', 7]]);
});

test('garbage is an error', () => {
  assert.throws(() => parseNodeMeminfo('what is this\n'), /expected "Node N key: number \[kB\]"/);
  assert.throws(() => parseNodeMeminfo('Node 0 MemFree: 1 MB\n'), /unknown unit MB/);
  assert.throws(() => parseNumastat('numa_hit\n'), /too few fields/);
});

test('tells each node', async () => {
  const text = await renderOnce(createMeminfoNumaCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_memory_numa_numa_miss_total'), ['{node="0"} 0', '{node="1"} 1']);
  assert.equal(samplesOf(text, 'node_memory_numa_MemTotal').length, 2);
});

test('a kernel without NUMA tells nothing', async (t) => {
  assert.equal(await renderOnce(createMeminfoNumaCollector(temporaryRoots(t, {}))), '');
});
