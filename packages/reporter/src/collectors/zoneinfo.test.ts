import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from './test-support.ts';
import { createZoneinfoCollector, parseZoneinfo } from './zoneinfo.ts';

test('parses zones, numbers and the protection', () => {
  const [zone, ...others] = parseZoneinfo(
    'Node 1, zone   Normal\n  per-node stats\n      nr_active_anon 389\n  pages free     3840\n        min      21\n' +
      '        protection: (0, 3018, 11594)\n  pagesets\n    cpu: 0\n              high:  1254\n',
  );
  assert.deepEqual(others, []);
  assert.deepEqual([zone?.node, zone?.zone, zone?.protection], ['1', 'Normal', [0, 3018, 11594]]);
  assert.deepEqual(
    [...(zone?.values ?? [])],
    [
      ['nr_active_anon', 389],
      ['min', 21],
    ],
  );
});

test('garbage and an empty file are errors', () => {
  assert.throws(() => parseZoneinfo('min 21\n'), /expected "Node N, zone NAME"/);
  assert.throws(() => parseZoneinfo('Node 0, zone DMA\n min x\n'), /x is no number/);
  assert.throws(() => parseZoneinfo(''), /no zone was found/);
});

test('numbers of a node are told for its first zone', async () => {
  const text = await renderOnce(createZoneinfoCollector(FIXTURE_ROOTS));
  assert.equal(samplesOf(text, 'node_zoneinfo_nr_active_anon_pages').length, 1);
  assert.equal(samplesOf(text, 'node_zoneinfo_min_pages').length, 3);
  assert.equal(samplesOf(text, 'node_zoneinfo_protection_4').length, 3);
});
