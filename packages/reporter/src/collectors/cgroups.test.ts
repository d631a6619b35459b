import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCgroupsCollector, parseCgroups } from './cgroups.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from './test-support.ts';

test('parses controllers', () => {
  assert.deepEqual(parseCgroups('#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t3\t12\t1\n'), [
    { name: 'cpuset', groups: 12, enabled: 1 },
  ]);
});

test('a cut line is an error', () => {
  assert.throws(() => parseCgroups('cpuset\t3\n'), /too few fields/);
});

test('tells each controller', async () => {
  const text = await renderOnce(createCgroupsCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_cgroups_enabled').at(-1), '{subsys_name="hugetlb"} 0');
});
