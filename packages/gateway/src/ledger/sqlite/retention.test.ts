import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import { PACK_ALL } from './pack-policy.ts';
import { range, StoreBench, wireBatch } from './store-test-support.ts';

/** Too little for anything to stay for its size. */
const NOTHING = 1;
const BLOCKS_OF_16 = { ...PACK_ALL, blockEntries: 16 };
const BLOCKS_OF_4 = { ...PACK_ALL, blockEntries: 4 };

test('for its age, a block goes when its newest entry is too old, and an entry when it is', (t) => {
  const bench = new StoreBench(t);
  bench.append('web-1', 1000, 9000, 3000, 4000, 5000, 6000, 7000, 8000);
  bench.pack(BLOCKS_OF_4);
  bench.append('web-1', 5000, 20_000);
  assert.equal(bench.trimAge(8000), 1, 'both blocks have something that is young enough');
  assert.deepEqual(bench.rows('web-1'), { blocks: ['1-4', '5-8'], entries: [10] });
  assert.equal(bench.store.stats.oldestAt, 1000);
  assert.equal(bench.trimAge(8001), 4);
  assert.equal(bench.trimAge(9001), 4);
  assert.deepEqual(bench.read('web-1'), [10]);
  assert.deepEqual([bench.store.stats.entries, bench.store.stats.oldestAt], [1, 20_000]);
});

test('for its size, the oldest goes first, of all hosts, blocks by their newest entry', (t) => {
  const bench = new StoreBench(t);
  // Nothing that can be packed, so that every block takes up some pages.
  const random = randomOf(1);
  const values = () => range(1, 1000).map(() => random());
  const append = (host: string, ...times: readonly number[]) =>
    bench.appendAs(
      host,
      'e1',
      times.map((at) => (seq) => wireBatch(seq, at, values())),
    );
  append('a', ...range(1, 15), 40);
  append('b', ...range(1, 15), 20);
  append('c', ...range(1, 15), 33);
  bench.pack(BLOCKS_OF_16);
  append('d', 10, 25, 50);
  const gone: string[] = [];
  while (bench.store.stats.entries > 0) {
    bench.trimSize({ bytesMax: bench.store.stats.bytes - 1 });
    gone.push(['a', 'b', 'c', 'd'].map((host) => bench.read(host).length).join(' '));
  }
  // In steps of 16 entries and more: d's 10 and b's block, d's 25 and c's, a's, d's 50.
  assert.deepEqual(gone, ['16 0 16 2', '16 0 0 1', '0 0 0 1', '0 0 0 0']);
});

test('what is undelivered never goes for its size, nor does the block that it stands in', (t) => {
  const bench = new StoreBench(t);
  bench.append('a', ...range(1, 12));
  bench.append('b', ...range(1, 12));
  bench.pack(BLOCKS_OF_4);
  bench.append('a', 13, 14);
  bench.append('b', 13, 14);
  const undelivered = new Map([['a', 6]]);
  assert.deepEqual(bench.trimSize({ bytesMax: NOTHING, undelivered, keepSince: 0 }), {
    removed: 18,
    full: true,
  });
  assert.deepEqual([bench.read('a'), bench.read('b')], [range(5, 14), []]);
  assert.deepEqual(bench.trimSize({ bytesMax: NOTHING, undelivered: new Map([['a', 13]]) }), {
    removed: 9,
    full: true,
  });
  assert.deepEqual(bench.read('a'), [14]);
  assert.deepEqual(bench.trimSize({ bytesMax: NOTHING, undelivered: new Map() }), {
    removed: 1,
    full: false,
  });
});

test('what lies before the window is not undelivered', (t) => {
  const bench = new StoreBench(t);
  bench.append('a', ...range(1, 12));
  bench.pack(BLOCKS_OF_4);
  const undelivered = new Map([['a', 0]]);
  assert.deepEqual(bench.trimSize({ bytesMax: NOTHING, undelivered, keepSince: 6 }), {
    removed: 4,
    full: true,
  });
  assert.deepEqual(bench.read('a'), range(5, 12));
  assert.equal(bench.trimAge(13), 8, 'age wins over everything');
});

test('hosts that are not known are nobody’s to protect', (t) => {
  const bench = new StoreBench(t);
  bench.append('a', 1);
  const undelivered = new Map([['nobody', 0]]);
  assert.deepEqual(bench.trimSize({ bytesMax: NOTHING, undelivered }), { removed: 1, full: false });
});

test('nothing goes while there is room', (t) => {
  const bench = new StoreBench(t);
  bench.append('a', 1);
  assert.deepEqual(bench.trimSize({ bytesMax: bench.store.stats.bytes }), { removed: 0, full: false });
});

test('forgetting a host takes its blocks along, and no others', (t) => {
  const bench = new StoreBench(t);
  for (const host of ['a', 'b', 'c']) bench.append(host, ...range(1, 10));
  bench.pack(BLOCKS_OF_4);
  for (const host of ['a', 'b', 'c']) bench.append(host, 11);
  bench.store.forget('b');
  assert.equal(bench.store.stats.entries, 22);
  assert.deepEqual([bench.read('a'), bench.read('b'), bench.read('c')], [range(1, 11), [], range(1, 11)]);
  bench.append('b', 1);
  assert.equal(bench.store.stats.entries, 23);
});

test('under appends that never end, the file stays within its size, and what was freed is used again', (t) => {
  const bench = new StoreBench(t);
  const random = randomOf(3);
  const bytesMax = 4 * 1024 * 1024;
  const fileBytes = () =>
    (bench.reader.pragma('page_count', { simple: true }) as number) *
    (bench.reader.pragma('page_size', { simple: true }) as number);
  let largestFile = 0;
  let largestUse = 0;
  let at = 0;
  for (let round = 0; round < 120; round++) {
    for (const host of ['a', 'b', 'c']) {
      const makes = range(1, 16).map(() => {
        at += 1000;
        const now = at;
        return (seq: number) =>
          wireBatch(
            seq,
            now,
            range(1, 500).map(() => random()),
          );
      });
      bench.appendAs(host, 'e1', makes);
    }
    if (round % 2 === 0) bench.pack();
    bench.trimSize({ bytesMax });
    largestUse = Math.max(largestUse, bench.store.stats.bytes);
    if (round === 60) largestFile = fileBytes();
  }
  assert.ok(largestUse <= bytesMax, `${largestUse} bytes in use`);
  assert.ok(largestUse > bytesMax * 0.8, `${largestUse} bytes: more went than had to`);
  assert.ok(fileBytes() <= largestFile * 1.05, `the file grew from ${largestFile} to ${fileBytes()}`);
  assert.ok(fileBytes() <= bytesMax * 1.3, `the file has ${fileBytes()} bytes`);
  t.diagnostic(`most in use ${largestUse}, file ${fileBytes()} bytes, bound ${bytesMax}`);
});
