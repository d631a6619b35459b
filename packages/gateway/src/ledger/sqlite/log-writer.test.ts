import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACK_POLICY } from './pack-policy.ts';
import { range, SHAPE, StoreBench, wireBatch } from './store-test-support.ts';

const NOW = 1_795_330_000_000;
const OLD = NOW - PACK_POLICY.freshMs - 1;

function benchOf(...args: ConstructorParameters<typeof StoreBench>): StoreBench {
  const bench = new StoreBench(...args);
  bench.arriving = PACK_POLICY;
  bench.now = NOW;
  return bench;
}

/** Times of a host that sends each 10 s, the last at `end`. */
function times(count: number, end = OLD): number[] {
  return range(1, count).map((i) => end - (count - i) * 10_000);
}

test('a backlog is written as blocks that are about as long as one another', (t) => {
  const bench = benchOf(t);
  bench.append('web-1', ...times(130));
  assert.deepEqual(bench.rows('web-1'), { blocks: ['1-44', '45-88', '89-130'], entries: [] });
  assert.deepEqual(bench.read('web-1'), range(1, 130));
  assert.equal(bench.store.stats.entries, 130);
  bench.append('web-1', ...times(16));
  assert.deepEqual(bench.rows('web-1').blocks.at(-1), '131-146');
  const [list = []] = bench.store.read([
    { host: 'web-1', after: 0, entriesMax: 1000, weightMax: 1e9, atLeastOne: true },
  ]).lists;
  assert.deepEqual(
    list.map(({ groups }) => groups[0]?.values[0]),
    range(1, 146),
    'each batch holds its own seq',
  );
});

test('what is fresh, or little, has rows of its own', (t) => {
  const bench = benchOf(t);
  bench.append('few', ...times(15));
  bench.append('fresh', ...times(100, OLD + 1));
  assert.deepEqual(bench.rows('few'), { blocks: [], entries: range(1, 15) });
  assert.deepEqual(bench.rows('fresh'), { blocks: [], entries: range(1, 100) });
});

test('what a host had before is packed first: blocks stand before all other entries', (t) => {
  const bench = benchOf(t);
  for (const at of times(70)) bench.append('web-1', at);
  bench.append('web-1', ...times(20));
  assert.deepEqual(bench.rows('web-1'), { blocks: ['1-64', '65-70', '71-90'], entries: [] });
  assert.deepEqual(bench.read('web-1'), range(1, 90));
});

test('of a host that has rows by its neighbours none is touched', (t) => {
  const bench = benchOf(t);
  bench.append('a', OLD);
  bench.append('b', ...times(16));
  bench.append('c', OLD);
  assert.deepEqual(bench.rows('a'), { blocks: [], entries: [1] });
  assert.deepEqual(bench.rows('c'), { blocks: [], entries: [1] });
});

test('blocks of large batches have fewer of them', (t) => {
  const bench = benchOf(t);
  const values = range(1, 20_000);
  bench.appendAs(
    'large',
    'e1',
    times(16).map((at) => (seq) => wireBatch(seq, at, values)),
  );
  // Of 160 KB each, three are within 512 KiB.
  assert.deepEqual(bench.rows('large').blocks, ['1-3', '4-6', '7-9', '10-12', '13-15', '16-16']);
});

test('all appends of a commit count together, and one that leaves a hole is refused alone', (t) => {
  const { store } = benchOf(t);
  const append = (host: string, seq: number) => ({ host, epoch: 'e1', entries: [wireBatch(seq, OLD)] });
  const appends = range(1, 20).flatMap((seq) => [append('web-1', seq), append(`other-${seq}`, seq)]);
  const { refusals, placed } = store.commit([...appends, append('web-1', 30)], [SHAPE], PACK_POLICY, NOW);
  assert.deepEqual(refusals.slice(0, -1), Array(40).fill(null));
  assert.match(refusals.at(-1) ?? '', /seq 30 came where 21 is next/);
  assert.deepEqual(
    placed.filter((_, i) => i % 2 === 0).map(({ end }) => end.offset),
    [...range(1, 20), 0],
  );
  assert.equal(store.stats.entries, 40);
});

test('gaps are part of a block as well', (t) => {
  const bench = benchOf(t);
  const lost = (seq: number) => ({
    ...wireBatch(seq, OLD),
    lastSeq: seq + 9,
    reason: 'gap:spool_age',
    samples: 0,
    shapes: [],
    payload: null,
  });
  bench.appendAs('web-1', 'e1', [
    ...times(10).map((at) => (seq: number) => wireBatch(seq, at)),
    lost,
    ...times(10).map((at) => (seq: number) => wireBatch(seq, at)),
  ]);
  assert.deepEqual(bench.rows('web-1'), { blocks: ['1-21'], entries: [] });
  const [list = []] = bench.store.read([
    { host: 'web-1', after: 10, entriesMax: 1, weightMax: 1e9, atLeastOne: true },
  ]).lists;
  assert.deepEqual(
    list.map(({ seq, lastSeq, reason }) => [seq, lastSeq, reason]),
    [[11, 20, 'gap:spool_age']],
  );
});

test('who has much that is not packed gets rows again, and a commit packs no more than a little for all hosts', (t) => {
  const bench = benchOf(t);
  const many = times(129, OLD - 1000);
  for (const at of many) bench.append('many', at);
  bench.append('many', ...times(20));
  assert.deepEqual(bench.rows('many'), { blocks: [], entries: range(1, 149) });
  bench.pack();
  bench.append('many', ...times(20));
  assert.deepEqual(bench.rows('many').blocks.at(-1), '150-169');
  const values = range(1, 20_000);
  const hosts = range(1, 10).map((i) => `host-${i}`);
  for (const host of hosts) bench.appendAs(host, 'e1', [(seq) => wireBatch(seq, OLD, values)]);
  const appends = hosts.map((host) => {
    return { host, epoch: 'e1', entries: range(2, 17).map((seq) => wireBatch(seq, OLD)) };
  });
  bench.store.commit(appends, [SHAPE], PACK_POLICY, NOW);
  const packed = hosts.filter((host) => bench.rows(host).blocks.length > 0);
  assert.deepEqual(packed, hosts.slice(0, 6), 'of 160 KB each, six are within 1 MiB');
  for (const host of hosts) assert.deepEqual(bench.read(host), range(1, 17));
});

test('two epochs of a host in one commit stand in the order in which they came', (t) => {
  const bench = benchOf(t);
  const append = (epoch: string, from: number, to: number) => {
    return { host: 'web-1', epoch, entries: range(from, to).map((seq) => wireBatch(seq, OLD)) };
  };
  const appends = [append('e1', 1, 10), append('e2', 1, 10), append('e1', 11, 15)];
  assert.deepEqual(bench.store.commit(appends, [SHAPE], PACK_POLICY, NOW).refusals, [null, null, null]);
  assert.deepEqual(bench.rows('web-1').blocks, ['1-25']);
  const [list = []] = bench.store.read([
    { host: 'web-1', after: 8, entriesMax: 4, weightMax: 1e9, atLeastOne: true },
  ]).lists;
  assert.deepEqual(
    list.map(({ epoch, seq }) => `${epoch} ${seq}`),
    ['e1 9', 'e1 10', 'e2 1', 'e2 2'],
  );
  assert.deepEqual(bench.store.stream('web-1', 'e1').next, 16);
  assert.deepEqual(bench.store.stream('web-1', 'e2').next, 11);
});

test('a commit of which one payload cannot be read leaves nothing, and no damage is told', (t) => {
  const bench = benchOf(t);
  const entries = range(1, 16).map((seq) => wireBatch(seq, OLD));
  const broken = entries.map((entry, i) => (i === 7 ? { ...entry, payload: new Uint8Array(24) } : entry));
  const commit = (list: typeof entries) =>
    bench.store.commit([{ host: 'web-1', epoch: 'e1', entries: list }], [SHAPE], PACK_POLICY, NOW);
  assert.throws(() => commit(broken), { name: 'Error', message: /not a payload/ });
  assert.equal(bench.store.stats.entries, 0);
  assert.deepEqual(commit(entries).refusals, [null]);
  assert.deepEqual(bench.rows('web-1').blocks, ['1-16']);
  assert.equal(bench.store.stats.entries, 16);
});
