import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBcacheCollector, fieldOf, parseSize } from './bcache.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const BASE = 'sys/fs/bcache/11111111-2222';

test('sizes as the kernel shortens them', () => {
  assert.equal(parseSize('512'), 512);
  assert.equal(parseSize('427.5k'), 427 * 1024 + 500);
  assert.equal(parseSize('1.1M/sec'), 1024 ** 2 + 100 * 1024);
  assert.equal(parseSize('-2.0G'), -2 * 1024 ** 3);
  assert.throws(() => parseSize('much'), /no size: "much"/);
});

test('one value of a file of several', () => {
  assert.equal(fieldOf('rate:\t\t1.1M/sec\nnext io:\t17ms\n', 'next io'), '17ms');
  assert.equal(fieldOf('rate:\t1\n', 'dirty'), null);
});

test('tells sets, backing devices and caches', async (t) => {
  const roots = temporaryRoots(t, {
    [`${BASE}/congested`]: '0\n',
    [`${BASE}/internal/btree_nodes`]: '7\n',
    [`${BASE}/bdev0/writeback_rate_debug`]: 'rate:\t1.0k/sec\ntarget:\t2.0k\n',
    [`${BASE}/bdev0/stats_total/cache_hits`]: '546\n',
    [`${BASE}/cache0/written`]: '3.0k\n',
    [`${BASE}/cache0/priority_stats`]: 'Unused:\t\t99%\nMetadata:\t1%\n',
    'sys/fs/bcache/register': '',
  });
  const text = await renderOnce(createBcacheCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_bcache_btree_nodes'), ['{uuid="11111111-2222"} 7']);
  const backing = '{backing_device="bdev0",uuid="11111111-2222"}';
  assert.deepEqual(samplesOf(text, 'node_bcache_dirty_target_bytes'), [`${backing} 2048`]);
  assert.deepEqual(samplesOf(text, 'node_bcache_cache_hits_total'), [`${backing} 546`]);
  const cache = '{cache_device="cache0",uuid="11111111-2222"}';
  assert.deepEqual(samplesOf(text, 'node_bcache_written_bytes_total'), [`${cache} 3072`]);
  assert.doesNotMatch(text, /priority/);
  const more = await renderOnce(createBcacheCollector(roots, { priorityStats: true }));
  assert.deepEqual(samplesOf(more, 'node_bcache_priority_stats_unused_percent'), [`${cache} 99`]);
});

test('a machine without any succeeds with nothing', async (t) => {
  assert.equal(await renderOnce(createBcacheCollector(temporaryRoots(t, {}))), '');
});
