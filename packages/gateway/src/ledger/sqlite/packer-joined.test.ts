/** Small blocks become one with what comes behind them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Random, randomOf } from '@tributary/shared/random';
import { encodeGroups } from '../codec.ts';
import type { WireEntry } from './messages.ts';
import { PACK_ALL, PACK_POLICY, type PackPolicy } from './pack-policy.ts';
import { range, SHAPE, StoreBench, wireBatch } from './store-test-support.ts';

const { joinedMs } = PACK_POLICY;
const JOIN_ALL: PackPolicy = { ...PACK_ALL, joinedMs };

/** Packs after each so many entries, one a second. */
function blocksOf(t: TestContext, counts: readonly number[], over: Partial<PackPolicy> = {}): string[] {
  const bench = new StoreBench(t);
  let at = 0;
  for (const count of counts) {
    bench.append('web-1', ...range(1, count).map(() => (at += 1000)));
    bench.pack({ ...JOIN_ALL, ...over });
  }
  const { blocks, entries } = bench.rows('web-1');
  assert.deepEqual(entries, []);
  const last = at / 1000;
  assert.deepEqual(bench.read('web-1'), range(1, last));
  assert.deepEqual(bench.read('web-1', { after: last - 1 }), [last]);
  assert.equal(bench.store.stats.entries, last);
  return blocks;
}

test('a run takes in the small blocks before it, of at most twice as many entries', (t) => {
  assert.deepEqual(blocksOf(t, [12]), ['1-12']);
  assert.deepEqual(blocksOf(t, [12, 12]), ['1-24']);
  assert.deepEqual(blocksOf(t, [12, 12, 12]), ['1-36']);
  assert.deepEqual(blocksOf(t, [12, 12, 12, 12]), ['1-36', '37-48'], '36 are more than twice 12');
  assert.deepEqual(blocksOf(t, [12, 12, 12, 12, 12]), ['1-60']);
  assert.deepEqual(blocksOf(t, [12, 12, 12, 12, 12, 12]), ['1-60', '61-72']);
});

test('a joined block is no larger than any other', (t) => {
  assert.deepEqual(blocksOf(t, [32, 32]), ['1-64']);
  assert.deepEqual(blocksOf(t, [32, 33]), ['1-32', '33-65']);
  assert.deepEqual(blocksOf(t, [4, 4], { blockEntries: 7 }), ['1-4', '5-8']);
  // Eight bytes a value, and a payload has 24 more.
  assert.deepEqual(blocksOf(t, [4, 4], { blockBytes: 4 * 8 + 4 * 32 }), ['1-8']);
  assert.deepEqual(blocksOf(t, [4, 4], { blockBytes: 4 * 8 + 4 * 32 - 1 }), ['1-4', '5-8']);
});

test('blocks are not joined over more time than is allowed, since the whole goes with its newest entry', (t) => {
  assert.deepEqual(blocksOf(t, [2, 2], { joinedMs: 3000 }), ['1-4']);
  assert.deepEqual(blocksOf(t, [2, 2], { joinedMs: 2999 }), ['1-2', '3-4']);
});

test('what lies between two blocks keeps them apart', (t) => {
  const bench = new StoreBench(t);
  bench.append('web-1', 5000, 6000);
  bench.pack(JOIN_ALL);
  bench.append('web-1', 10, 7000, 8000);
  assert.equal(bench.trimAge(100), 1);
  bench.pack(JOIN_ALL);
  assert.deepEqual(bench.rows('web-1').blocks, ['1-2', '4-5']);
});

test('a portion says what it packed, and what it left', (t) => {
  const bench = new StoreBench(t);
  const values = range(1, 100);
  const batches = (count: number, at: number) =>
    range(1, count).map(() => (seq: number) => wireBatch(seq, at, values));
  bench.appendAs('a', 'e1', batches(20, 1000));
  bench.appendAs('b', 'e1', batches(5, 9000));
  const rowBytes = 24 + 800 + 400;
  const older: PackPolicy = { ...JOIN_ALL, freshMs: 0, freshEntries: 64 };
  assert.deepEqual(bench.store.pack(0, older, 5000), {
    packed: 20,
    bytes: 20 * rowBytes,
    left: 5 * rowBytes,
    next: null,
  });
  bench.appendAs('a', 'e1', batches(10, 2000));
  const { bytes, left } = bench.store.pack(0, older, 5000);
  assert.deepEqual([bytes, left], [10 * rowBytes, 5 * rowBytes], 'what is packed once more does not count');
  assert.deepEqual(bench.rows('a').blocks, ['1-30']);
});

const SPECIAL = [0, -0, Number.NaN, Infinity, -Infinity, 0.1, 1e300, -1, 2 ** 53];

/** What a batch has, as numbers of which any two that differ are told apart; null where there is none. */
type Plain = readonly (readonly (number | null)[])[];

function randomEntry(random: Random, at: number): { plain: Plain; make: (seq: number) => WireEntry } {
  const plain = range(1, random.below(4)).map(() =>
    range(1, 1 + random.below(5)).map(() => (random() < 0.2 ? null : random.pick(SPECIAL))),
  );
  const groups = plain.map((values) => ({
    at,
    column: {
      values: Float64Array.from(values, (value) => value ?? 0),
      absent: values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null,
    },
  }));
  const samples = plain.flat().filter((value) => value !== null).length;
  const shapes = groups.map(() => SHAPE.hash);
  const make = (seq: number) => ({ ...wireBatch(seq, at), samples, shapes, payload: encodeGroups(groups) });
  return { plain, make };
}

function plainOf(bench: StoreBench, host: string, after: number): { offset: number; plain: Plain }[] {
  const all = { after, entriesMax: 1000, weightMax: 1e9, atLeastOne: true };
  const [list = []] = bench.store.read([{ host, ...all }]).lists;
  return list.map(({ offset, groups }) => ({
    offset,
    plain: groups.map(({ values, absent }) =>
      [...values].map((value, i) => (absent?.[i] === 1 ? null : value)),
    ),
  }));
}

test('random logs, packed again and again by random policies, read as they were written', (t) => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = randomOf(seed);
    const bench = new StoreBench(t);
    const written = new Map<string, Plain[]>();
    for (let round = 1; round <= 40; round++) {
      const host = `host-${random.below(3)}`;
      const list = written.get(host) ?? [];
      written.set(host, list);
      const entries = range(1, 1 + random.below(4)).map(() => randomEntry(random, round * 1000));
      bench.appendAs(
        host,
        `e${random.below(2)}`,
        entries.map(({ make }) => make),
      );
      list.push(...entries.map(({ plain }) => plain));
      if (random() < 0.6)
        bench.pack({
          ...JOIN_ALL,
          lingerMs: 10_000_000,
          freshEntries: random.below(4),
          leastEntries: 1 + random.below(3),
          blockEntries: random.pick([4, 16, 64]),
        });
      const after = random.below(list.length);
      const expected = list.map((plain, i) => ({ offset: i + 1, plain })).slice(after);
      assert.deepEqual(plainOf(bench, host, after), expected, `seed ${seed}, round ${round}, after ${after}`);
    }
  }
});
