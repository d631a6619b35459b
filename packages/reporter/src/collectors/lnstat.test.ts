import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLnstatCollector } from './lnstat.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('columns of one name in several tables are one family', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/net/stat/arp_cache': 'entries lookups\n00000014 0000000a\n00000014 0000000b\n',
    'proc/net/stat/rt_cache': 'entries\n00000005\n',
  });
  const text = await renderOnce(createLnstatCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_lnstat_entries_total'), [
    '{subsystem="arp_cache",cpu="0"} 20',
    '{subsystem="arp_cache",cpu="1"} 20',
    '{subsystem="rt_cache",cpu="0"} 5',
  ]);
  assert.equal(samplesOf(text, 'node_lnstat_lookups_total')[1], '{subsystem="arp_cache",cpu="1"} 11');
});

test('a kernel without tables tells nothing', async (t) => {
  assert.equal(await renderOnce(createLnstatCollector(temporaryRoots(t, {}))), '');
});
