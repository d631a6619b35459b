import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACK_ALL, PACK_POLICY } from './pack-policy.ts';
import { range, StoreBench, wireBatch } from './store-test-support.ts';

const MINUTE_MS = 60_000;
const NOW = 1_795_330_000_000;

/** Times of a host that sends each `stepMs`, the last at `NOW`. */
function times(count: number, stepMs: number): number[] {
  return range(1, count).map((i) => NOW - (count - i) * stepMs);
}

test('what is fresh stays, and older entries become blocks of a fixed size', (t) => {
  const bench = new StoreBench(t);
  bench.append('web-1', ...times(200, 10_000));
  assert.equal(bench.pack(PACK_POLICY, NOW), 128);
  assert.deepEqual(bench.rows('web-1'), { blocks: ['1-64', '65-128'], entries: range(129, 200) });
  assert.equal(bench.store.stats.entries, 200);
  assert.equal(bench.pack(PACK_POLICY, NOW), 0, 'nothing is due any more');
  // 72 are left, of which 30 are fresh. In 220 s, 64 will not be.
  assert.equal(bench.pack(PACK_POLICY, NOW + 210_000), 0);
  assert.equal(bench.pack(PACK_POLICY, NOW + 221_000), 64);
});

test('a backlog that has just arrived is packed, whatever its times', (t) => {
  const bench = new StoreBench(t);
  bench.append('ahead', ...times(200, 1).map((at) => at + MINUTE_MS));
  assert.equal(bench.pack(PACK_POLICY, NOW), 128);
  assert.deepEqual(bench.rows('ahead').entries, range(129, 200));
});

test('a host with few entries gets its block when the oldest has waited long enough', (t) => {
  const bench = new StoreBench(t);
  bench.append('slow', ...times(20, MINUTE_MS));
  assert.equal(bench.pack(PACK_POLICY, NOW), 0);
  assert.equal(bench.pack(PACK_POLICY, NOW + 11 * MINUTE_MS), 0, 'the oldest is 30 minutes old');
  assert.equal(bench.pack(PACK_POLICY, NOW + 11 * MINUTE_MS + 1), 20);
  bench.append('gone', NOW);
  assert.equal(bench.pack(PACK_POLICY, NOW + 30 * MINUTE_MS), 0);
  assert.equal(bench.pack(PACK_POLICY, NOW + 30 * MINUTE_MS + 1), 1);
});

test('a host that sends large batches gets smaller blocks', (t) => {
  const bench = new StoreBench(t);
  const values = range(1, 20_000);
  for (const at of times(10, MINUTE_MS)) bench.appendAs('large', 'e1', [(seq) => wireBatch(seq, at, values)]);
  bench.pack(PACK_POLICY, NOW + 5 * MINUTE_MS + 1);
  // Of 160 KB each, three are within 512 KiB; the last one waits for others.
  assert.deepEqual(bench.rows('large'), { blocks: ['1-3', '4-6', '7-9'], entries: [10] });
});

test('a batch that is larger than a block is one by itself', (t) => {
  const bench = new StoreBench(t);
  const values = range(1, 70_000);
  for (const at of [1, 2]) bench.appendAs('huge', 'e1', [(seq) => wireBatch(seq, at, values)]);
  bench.pack();
  assert.deepEqual(bench.rows('huge'), { blocks: ['1-1', '2-2'], entries: [] });
});

test('a block has no gap', (t) => {
  const bench = new StoreBench(t);
  bench.append('web-1', 1000, 2000, 10, 3000, 4000);
  assert.equal(bench.trimAge(100), 1);
  bench.pack({ ...PACK_ALL, blockEntries: 4, lingerMs: PACK_POLICY.lingerMs });
  assert.deepEqual(bench.rows('web-1'), { blocks: ['1-2'], entries: [4, 5] });
  bench.pack();
  assert.deepEqual(bench.rows('web-1').blocks, ['1-2', '4-5']);
  assert.deepEqual(bench.read('web-1'), [1, 2, 4, 5]);
});

test('several epochs and tombstones stand in one block', (t) => {
  const bench = new StoreBench(t);
  bench.append('web-1', 1000, 2000);
  const lost = {
    fromAt: 2000,
    at: 2500,
    contentHash: 0,
    reason: 'gap:spool_full',
    samples: 0,
    shapes: [],
    payload: null,
  };
  bench.appendAs('web-1', 'e1', [(seq) => ({ ...lost, seq, lastSeq: seq + 9 })]);
  bench.appendAs('web-1', 'e2', [(seq) => wireBatch(seq, 3000, [7, 8])]);
  bench.pack();
  const [list] = bench.store.read([
    { host: 'web-1', after: 0, entriesMax: 9, weightMax: 9, atLeastOne: false },
  ]).lists;
  assert.deepEqual(
    list?.map(({ epoch, seq, lastSeq, fromAt, at, reason, samplesThrough }) => [
      epoch,
      seq,
      lastSeq,
      fromAt,
      at,
      reason,
      samplesThrough,
    ]),
    [
      ['e1', 1, 1, 1000, 1000, null, 1],
      ['e1', 2, 2, 2000, 2000, null, 2],
      ['e1', 3, 12, 2000, 2500, 'gap:spool_full', 2],
      ['e2', 1, 1, 3000, 3000, null, 4],
    ],
  );
  assert.equal(bench.rows('web-1').blocks.length, 1);
});

test('many hosts are packed in many portions, each of which lets a commit in between', (t) => {
  const bench = new StoreBench(t);
  const hosts = range(1, 700).map((i) => `host-${i}`);
  for (const host of hosts) bench.append(host, 1, 2);
  const { packed, left, next } = bench.store.pack(0, PACK_ALL, 0);
  assert.deepEqual([packed, left, next], [512, 0, 257]);
  bench.append('host-1', 3);
  assert.equal(bench.pack(), 889);
  for (const host of hosts) assert.deepEqual(bench.rows(host).entries, []);
  assert.deepEqual(bench.rows('host-1').blocks, ['1-2', '3-3']);
});

test('a portion ends after much was packed, and goes on with the same host', (t) => {
  const bench = new StoreBench(t);
  const values = range(1, 1000);
  for (let i = 0; i < 4; i++)
    bench.appendAs(
      'web-1',
      'e1',
      range(1, 100).map((at) => (seq) => wireBatch(seq, at, values)),
    );
  const first = bench.store.pack(0, PACK_ALL, 0);
  assert.ok(first.packed < 200 && first.next === 1, JSON.stringify(first));
  bench.pack();
  assert.deepEqual(bench.read('web-1', { after: 390 }), range(391, 400));
});
