import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSlabinfoCollector, parseSlabinfo } from './slabinfo.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from './test-support.ts';

const HEADINGS = 'slabinfo - version: 2.1\n# name <active_objs> <num_objs>\n';
const all = () => true;

test('takes the first five numbers of a slab', () => {
  const text = `${HEADINGS}dentry  149963 151200    192   21    1 : tunables    0    0    0\n`;
  assert.deepEqual(parseSlabinfo(text, all), [{ name: 'dentry', values: [149963, 151200, 192, 21, 1] }]);
});

test('another version, a cut line and garbage are errors', () => {
  assert.throws(() => parseSlabinfo('slabinfo - version: 3.0\n', all), /expected version 2/);
  assert.throws(() => parseSlabinfo(`${HEADINGS}dentry 1 2\n`, all), /too few fields/);
  assert.throws(() => parseSlabinfo(`${HEADINGS}dentry a 2 3 4 5\n`, all), /a is no number/);
});

test('slabs can be left out', async () => {
  const text = await renderOnce(createSlabinfoCollector(FIXTURE_ROOTS, (name) => name !== 'dentry'));
  assert.deepEqual(samplesOf(text, 'node_slabinfo_objects'), ['{slab="kmalloc-8k"} 104']);
});
