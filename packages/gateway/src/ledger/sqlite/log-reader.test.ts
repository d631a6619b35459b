import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import type { Position } from '../ledger.ts';
import { PACK_ALL } from './pack-policy.ts';
import { range, StoreBench, wireBatch } from './store-test-support.ts';

/** Ten entries in blocks of four, four and two, and five that are not packed. */
function packed(bench: StoreBench): void {
  bench.append('web-1', ...range(1, 10).map((i) => i * 1000));
  bench.pack({ ...PACK_ALL, blockEntries: 4 });
  bench.append('web-1', ...range(11, 15).map((i) => i * 1000));
  assert.deepEqual(bench.rows('web-1'), { blocks: ['1-4', '5-8', '9-10'], entries: range(11, 15) });
}

test('reads on from everywhere, in a block and behind it, and as far as is wanted', (t) => {
  const bench = new StoreBench(t);
  packed(bench);
  for (const after of range(0, 15)) {
    assert.deepEqual(bench.read('web-1', { after }), range(after + 1, 15), `after ${after}`);
    for (const entriesMax of [1, 2, 3, 7, 15]) {
      const expected = range(after + 1, Math.min(15, after + entriesMax));
      assert.deepEqual(bench.read('web-1', { after, entriesMax }), expected, `${entriesMax} after ${after}`);
      assert.deepEqual(bench.read('web-1', { after, weightMax: 2 * entriesMax }), expected);
    }
  }
});

test('an entry that does not fit is given only where it is the first one and at least one is wanted', (t) => {
  const bench = new StoreBench(t);
  bench.appendAs(
    'web-1',
    'e1',
    range(1, 3).map((i) => (seq) => wireBatch(seq, i, [1, 2, 3])),
  );
  const check = () => {
    assert.deepEqual(bench.read('web-1', { weightMax: 3 }), [1]);
    assert.deepEqual(bench.read('web-1', { weightMax: 3, atLeastOne: false }), []);
    assert.deepEqual(bench.read('web-1', { weightMax: 8, atLeastOne: false }), [1, 2]);
    assert.deepEqual(bench.read('web-1', { weightMax: 7 }), [1]);
  };
  check();
  bench.pack();
  check();
});

test('a portion is cut at the end of a block, and says so', (t) => {
  const bench = new StoreBench(t);
  const values = range(1, 1000);
  for (const host of ['a', 'b'])
    bench.appendAs(
      host,
      'e1',
      range(1, 256).map((at) => (seq) => wireBatch(seq, at, values)),
    );
  bench.pack();
  const all = { after: 0, entriesMax: 1000, weightMax: 1e9, atLeastOne: true };
  const { lists, isCut } = bench.store.read([
    { host: 'a', ...all },
    { host: 'b', ...all },
  ]);
  assert.deepEqual([lists.length, isCut], [1, true]);
  // 128 Ki samples are 131 batches; the block that they end in is given in whole.
  assert.equal(lists[0]?.length, 192);
  const few = bench.store.read([
    { host: 'a', ...all, entriesMax: 2 },
    { host: 'b', ...all, entriesMax: 2 },
  ]);
  assert.deepEqual([few.lists.map((list) => list.length), few.isCut], [[2, 2], false]);
});

/** What `seek` has to answer, told from the entries as they stand now. */
function sought(bench: StoreBench): (after: number, at: number) => Position {
  const all = { host: 'web-1', after: 0, entriesMax: 1000, weightMax: 1e9, atLeastOne: true };
  const entries = bench.store.read([all]).lists[0] ?? [];
  const { offset, samples } = bench.store.hosts()[0]?.end ?? { offset: 0, samples: 0 };
  return (after, at) => {
    const found = entries.findIndex((entry) => entry.offset > after && entry.at >= at);
    const place = found < 0 ? entries.length : found;
    const [before, first] = [entries[place - 1], entries[place]];
    return {
      offset: first === undefined ? offset : first.offset - 1,
      samples: first === undefined ? samples : first.samplesThrough - first.samples,
      epoch: before?.epoch ?? '',
      seq: before?.lastSeq ?? 0,
    };
  };
}

test('finds the place of a moment, in blocks and behind them', (t) => {
  const bench = new StoreBench(t);
  packed(bench);
  for (let at = 500; at <= 15_500; at += 500) {
    const [place] = bench.store.seek([{ host: 'web-1', after: 0 }], at);
    const before = Math.min(15, Math.ceil(at / 1000) - 1);
    const samples = before;
    assert.deepEqual(
      place,
      { offset: before, samples, epoch: before === 0 ? '' : 'e1', seq: before },
      `at ${at}`,
    );
  }
});

test('random logs whose times do not only rise: the place of a moment is the first entry’s', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomOf(seed);
    const bench = new StoreBench(t);
    for (let i = 0; i < 12; i++) {
      const epoch = `e${Math.floor(i / 4)}`;
      const makes = range(1, 1 + random.below(6)).map(() => {
        const at = 1000 * i + random.below(6000);
        return (seq: number) => wireBatch(seq, at, range(1, 1 + random.below(3)));
      });
      bench.appendAs('web-1', epoch, makes);
      if (random() < 0.6) bench.pack({ ...PACK_ALL, blockEntries: 1 + random.below(5) });
      if (random() < 0.2) bench.trimAge(random.below(1000 * i + 1));
    }
    const answer = sought(bench);
    for (let question = 0; question < 40; question++) {
      const [after, at] = [random.below(50), random.below(20_000)];
      const [place] = bench.store.seek([{ host: 'web-1', after }], at);
      assert.deepEqual(place, answer(after, at), `seed ${seed}: ${at} after ${after}`);
    }
  }
});
