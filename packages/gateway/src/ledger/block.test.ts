import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '@tributary/shared/column';
import { type Random, randomOf } from '@tributary/shared/random';
import { type Block, type FullEntry, packBlock, unpackBlock, unpackHead } from './block.ts';

const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: MINUS_INF } = Number;
const AT = 1_795_330_306_556;

function column(values: readonly number[], absent: readonly number[] | null = null): Column {
  return { values: Float64Array.from(values), absent: absent === null ? null : Uint8Array.from(absent) };
}

function batch(
  seq: number,
  ...groups: readonly (readonly [shape: number, column: Column, at?: number | undefined])[]
): FullEntry {
  const at = AT + seq * 10_000;
  return {
    stream: 3,
    seq,
    lastSeq: seq,
    fromAt: at,
    at,
    contentHash: (seq * 0x9e3779b1) >>> 0,
    samples: groups.reduce((sum, [, { values }]) => sum + values.length, 0),
    reason: null,
    groups: groups.map(([shape, values, own]) => ({ shape, at: own ?? at, column: values })),
  };
}

function tombstone(seq: number, lastSeq: number, reason: string): FullEntry {
  const packed = { stream: 3, seq, lastSeq, contentHash: 0, samples: 0, reason };
  return { ...packed, fromAt: AT, at: AT + 5, groups: [] };
}

/** As it must come back: what stands at an absent place means nothing, and is 0 then. */
function expected(entries: readonly FullEntry[]): FullEntry[] {
  return entries.map((entry) => ({
    ...entry,
    groups: entry.groups.map((group) => {
      const { values, absent } = group.column;
      return {
        ...group,
        column: { values: values.map((value, i) => (absent?.[i] === 1 ? 0 : value)), absent },
      };
    }),
  }));
}

/** deepEqual of node:assert/strict tells -0 from 0 and takes NaN for itself. */
function assertRoundTrip(entries: readonly FullEntry[], message?: string): Block {
  const block = packBlock(entries);
  assert.deepEqual(unpackBlock(block), expected(entries), message);
  return block;
}

/** One series through all of `values`, a batch for each. */
function run(...values: readonly number[]): FullEntry[] {
  return values.map((value, i) => batch(i + 1, [1, column([value])]));
}

test('gives back every kind of value, bit by bit', () => {
  const odd = [
    NAN,
    INF,
    MINUS_INF,
    -0,
    0,
    5e-324,
    Number.MAX_VALUE,
    -1.5,
    Number.MAX_SAFE_INTEGER,
    0.1 + 0.2,
  ];
  assertRoundTrip(run(...odd));
  for (const value of odd) {
    assertRoundTrip(run(value), `${value} alone`);
    assertRoundTrip(run(value, value, value), `${value} constant`);
    assertRoundTrip(run(1, 2, value, 4), `whole numbers and ${value}`);
    assertRoundTrip(run(value, 0.25, 0.5), `${value} and decimals`);
  }
});

test('whole numbers and decimals of every size come back as they were, up to where they are no longer exact', () => {
  for (let power = 0; power <= 15; power++) {
    const scale = 10 ** power;
    assertRoundTrip(
      run(1 / scale, 7 / scale, -3 / scale, 123_456 / scale),
      `hundredths and the like: 10^-${power}`,
    );
  }
  for (const bits of [7, 8, 31, 32, 33, 50, 51, 52, 53, 60, 1000]) {
    const large = 2 ** bits;
    assertRoundTrip(run(0, large, 1, -large, large + 1, 5), `2^${bits}`);
    assertRoundTrip(run(-large, large, -large, large), `there and back: 2^${bits}`);
    assertRoundTrip(run(large, 0.5, large / 3), `with fractions: 2^${bits}`);
  }
});

test('a series that is a decimal only of a finer unit than its first values', () => {
  assertRoundTrip(run(1, 2, 3.5, 4.25, 5.125, 6.000_000_001));
  assertRoundTrip(run(2 ** 50, 0.5, 0.25));
});

test('keeps which values are absent, at every length of the bitmap', () => {
  for (const length of [1, 7, 8, 9, 63, 64, 65, 200]) {
    const values = Array.from({ length }, (_, i) => i);
    const some = values.map((i) => (i % 3 === 0 || i === length - 1 ? 1 : 0));
    const entries = [
      batch(1, [1, column(values, some)]),
      batch(2, [1, column(values)]),
      batch(3, [
        1,
        column(
          values,
          values.map(() => 1),
        ),
      ]),
      batch(4, [
        1,
        column(
          values,
          values.map(() => 0),
        ),
      ]),
      batch(5, [1, column(values, some)]),
    ];
    assertRoundTrip(entries, `length ${length}`);
  }
});

test('keeps tombstones, epochs, own times, several shapes and batches of other groups', () => {
  const [a, b] = [column([1, 2]), column([3.5, NAN, 7])];
  const entries = [
    tombstone(1, 40, 'gap:spool_full'),
    batch(41, [1, a], [2, b]),
    batch(42, [2, b], [1, a]),
    batch(43),
    batch(44, [1, a], [1, a], [2, b, AT - 1234]),
    tombstone(45, 45, 'rejected:INVALID_NAME'),
    { ...batch(1, [7, column([])]), stream: 4 },
    { ...tombstone(2, 9, 'gap:spool_full'), stream: 4 },
    batch(46, [1, column([9])]),
  ];
  const { head } = assertRoundTrip(entries);
  assert.deepEqual(
    unpackHead(head).map(({ stream, seq, lastSeq, reason }) => [stream, seq, lastSeq, reason]),
    entries.map(({ stream, seq, lastSeq, reason }) => [stream, seq, lastSeq, reason]),
  );
});

test('an empty run is a block, too', () => {
  assertRoundTrip([]);
});

test('neither the columns that went in nor the bytes that came are held on to', () => {
  const given = column([1, 2]);
  const block = packBlock([batch(1, [1, given])]);
  given.values.fill(9);
  const [back] = unpackBlock(block);
  block.body.fill(0);
  assert.deepEqual([...(back?.groups[0]?.column.values ?? [])], [1, 2]);
});

test('what cannot be written is refused', () => {
  assert.throws(() => packBlock([{ ...batch(1), at: 0.5 }]), /is no whole number/);
  assert.throws(() => packBlock([{ ...batch(1), stream: -1 }]), /is no whole number/);
});

function randomValue(random: Random, before: number): number {
  switch (random.below(8)) {
    case 0:
      return before + random.below(1000);
    case 1:
      return Math.round((before + random()) * 100) / 100;
    case 2:
      return random() * 10 ** random.below(30);
    case 3:
      return random.pick([NAN, INF, MINUS_INF, -0, 0, 5e-324, Number.MAX_VALUE, -Number.MAX_SAFE_INTEGER]);
    case 4:
      return Math.floor(random() * 2 ** random.below(54)) * (random() < 0.5 ? -1 : 1) + 0;
    default:
      return before;
  }
}

function randomRun(random: Random): FullEntry[] {
  const series = [0, 1, 1 + random.below(20), 1 + random.below(70)];
  const last = series.map((length) => Array.from({ length }, () => randomValue(random, 0)));
  let seq = random.below(1000);
  return Array.from({ length: 1 + random.below(40) }, (): FullEntry => {
    seq++;
    const first = seq;
    if (random() < 0.1) {
      seq += random.below(5);
      return tombstone(first, seq, random.pick(['gap:a', 'skipped:b', 'ü']));
    }
    const groups = Array.from({ length: random.below(4) }, () => {
      const shape = random.below(series.length);
      const values = (last[shape] ?? []).map((value) => randomValue(random, value));
      last[shape] = values;
      const absent = random() < 0.3 ? values.map(() => (random() < 0.2 ? 1 : 0)) : null;
      const own = random() < 0.2 ? AT - random.below(100_000) : undefined;
      return [shape, column(values, absent), own] as const;
    });
    return { ...batch(seq, ...groups), stream: 1 + random.below(2) };
  });
}

test('random runs come back as they were', () => {
  for (let seed = 1; seed <= 400; seed++) assertRoundTrip(randomRun(randomOf(seed)), `seed ${seed}`);
});

test('a damaged block is found out, whatever is damaged of it', () => {
  const random = randomOf(7);
  for (let round = 0; round < 60; round++) {
    const entries = randomRun(random);
    const block = packBlock(entries);
    const good = expected(entries);
    for (let hit = 0; hit < 20; hit++) {
      const damaged = { head: block.head.slice(), body: block.body.slice() };
      const part = random() < 0.5 ? damaged.head : damaged.body;
      part[random.below(part.length)] = random.below(256);
      try {
        // A byte may have been replaced by itself.
        assert.deepEqual(unpackBlock(damaged), good);
      } catch (error) {
        assert.ok(error instanceof Error && error.name !== 'AssertionError', `round ${round}: ${error}`);
      }
    }
  }
});

test('a block that is cut short anywhere is refused', () => {
  const { head, body } = packBlock(randomRun(randomOf(3)));
  for (let length = 0; length < head.length; length++)
    assert.throws(
      () => unpackBlock({ head: head.subarray(0, length), body }),
      Error,
      `head cut at ${length}`,
    );
  for (let length = 0; length < body.length; length++)
    assert.throws(
      () => unpackBlock({ head, body: body.subarray(0, length) }),
      Error,
      `body cut at ${length}`,
    );
});

test('a head that belongs to another body is refused', () => {
  const one = packBlock(run(1, 2, 3));
  const other = packBlock(run(...Array.from({ length: 50 }, (_, i) => i * i)));
  assert.throws(() => unpackBlock({ head: one.head, body: other.body }), Error);
  assert.throws(() => unpackBlock({ head: other.head, body: one.body }), Error);
});
