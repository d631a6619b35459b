import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBuddyinfoCollector, parseBuddyinfo } from './buddyinfo.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from './test-support.ts';

test('parses zones', () => {
  assert.deepEqual(parseBuddyinfo('Node 1, zone   Normal     41     23 \n'), [
    { node: '1', zone: 'Normal', blocks: [41, 23] },
  ]);
});

test('garbage is an error', () => {
  assert.throws(() => parseBuddyinfo('what is this\n'), /expected "Node N, zone NAME …"/);
  assert.throws(() => parseBuddyinfo('Node 0, zone DMA x\n'), /x is no number/);
});

test('tells each size', async () => {
  const text = await renderOnce(createBuddyinfoCollector(FIXTURE_ROOTS));
  assert.equal(samplesOf(text, 'node_buddyinfo_blocks').at(-1), '{node="1",zone="Normal",size="3"} 7');
});
