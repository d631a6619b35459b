import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createConntrackCollector } from './conntrack.ts';
import { parseNetStatTable } from './net-stat-table.ts';
import { collectOnce, FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('a table has a column for each name', () => {
  const table = parseNetStatTable('entries  drop\n00000021  0000000a\n00000021  00000001\n');
  assert.deepEqual(table.get('drop'), [10, 1]);
  assert.deepEqual(table.get('entries'), [33, 33]);
});

test('a cut line, garbage and an empty file are errors', () => {
  assert.throws(() => parseNetStatTable('a b\n0001\n'), /too few fields/);
  assert.throws(() => parseNetStatTable('a\nxyz\n'), /xyz is no hexadecimal number/);
  assert.throws(() => parseNetStatTable(''), /the line of names is missing/);
});

test('counters of all CPUs are added up', async () => {
  const text = await renderOnce(createConntrackCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_nf_conntrack_entries'), ['33']);
  assert.deepEqual(samplesOf(text, 'node_nf_conntrack_stat_found'), ['3']);
  assert.deepEqual(samplesOf(text, 'node_nf_conntrack_stat_search_restart'), ['11']);
});

test('a kernel without the table tells how full it is', async (t) => {
  const folder = 'proc/sys/net/netfilter';
  const roots = temporaryRoots(t, {
    [`${folder}/nf_conntrack_count`]: '3\n',
    [`${folder}/nf_conntrack_max`]: '9\n',
  });
  const text = await renderOnce(createConntrackCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_nf_conntrack_entries'), ['3']);
  assert.ok(!text.includes('stat'));
});

test('without the module there is no data', async (t) => {
  await assert.rejects(async () => collectOnce(createConntrackCollector(temporaryRoots(t, {}))), NoDataError);
});
