import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderOnce, temporaryRoots } from './test-support.ts';
import { createVmstatCollector, parseVmstat } from './vmstat.ts';

test('parses the fields that match, or all', () => {
  const text = 'nr_free_pages 1178402\npgfault 17\n';
  assert.deepEqual(parseVmstat(text, /^pg/), [{ name: 'pgfault', value: 17 }]);
  assert.equal(parseVmstat(text, null).length, 2);
});

test('a line without a number is an error', () => {
  assert.throws(() => parseVmstat('pgfault\n', null), /expected "field number": "pgfault"/);
  assert.throws(() => parseVmstat('pgfault x\n', null), /x is no number/);
});

test('tells faults, paging and the OOM killer by default', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/vmstat': 'nr_dirty 5\npgpgin 1\npswpout 2\npgmajfault 3\npgalloc_dma 8\noom_kill 4\n',
  });
  const text = await renderOnce(createVmstatCollector(roots));
  assert.deepEqual(
    text.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    ['node_vmstat_pgpgin 1', 'node_vmstat_pswpout 2', 'node_vmstat_pgmajfault 3', 'node_vmstat_oom_kill 4'],
  );
  assert.ok(text.includes('# TYPE node_vmstat_oom_kill untyped\n'));
});
