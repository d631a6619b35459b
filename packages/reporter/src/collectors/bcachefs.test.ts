import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBcachefsCollector, parseHumanSize, parseSections } from './bcachefs.ts';
import { NoDataError } from './collector.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('sizes as the kernel shortens them', () => {
  assert.equal(parseHumanSize('512'), 512);
  assert.equal(parseHumanSize('256k'), 262_144);
  assert.equal(parseHumanSize('5.48M'), 5_746_196);
  assert.throws(() => parseHumanSize('much'), /no size: "much"/);
});

test('numbers beneath headings', () => {
  assert.deepEqual(parseSections('read:\nsb : 100\nwrite:\n  user:  7\n'), [
    { section: 'read', name: 'sb', value: 100 },
    { section: 'write', name: 'user', value: 7 },
  ]);
});

test('tells tables, counters and devices', async (t) => {
  const base = 'sys/fs/bcachefs/11111111-2222';
  const roots = temporaryRoots(t, {
    [`${base}/compression_stats`]:
      'type  compressed  uncompressed  average extent size\nlz4  1.0k  2.0k  112k\n',
    [`${base}/btree_write_stats`]: '   nr   size\ninitial:  5   10k\n',
    [`${base}/counters/btree_node_read`]: 'since mount: 10\nsince filesystem creation: 20\n',
    [`${base}/dev-0/label`]: 'ssd.0\n',
    [`${base}/dev-0/state`]: 'rw\n',
    [`${base}/dev-0/io_errors`]:
      'IO errors since filesystem creation\n  read:     1\nIO errors since 8 y ago\n  read: 0\n',
  });
  const text = await renderOnce(createBcachefsCollector(roots));
  const uuid = 'uuid="11111111-2222"';
  assert.deepEqual(samplesOf(text, 'node_bcachefs_compression_uncompressed_bytes'), [
    `{${uuid},algorithm="lz4"} 2048`,
  ]);
  assert.deepEqual(samplesOf(text, 'node_bcachefs_btree_writes_total'), [`{${uuid},type="initial"} 5`]);
  assert.deepEqual(samplesOf(text, 'node_bcachefs_btree_node_read_total'), [`{${uuid}} 20`]);
  assert.deepEqual(samplesOf(text, 'node_bcachefs_device_info'), [
    `{${uuid},device="0",label="ssd.0",state="rw"} 1`,
  ]);
  assert.deepEqual(samplesOf(text, 'node_bcachefs_device_io_errors_total'), [
    `{${uuid},device="0",type="read"} 1`,
  ]);
});

test('a machine without any has no data', async (t) => {
  const roots = temporaryRoots(t, {});
  await assert.rejects(async () => renderOnce(createBcachefsCollector(roots)), NoDataError);
});
