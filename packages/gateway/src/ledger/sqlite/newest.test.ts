import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import { encodeGroups } from '../codec.ts';
import { DamageError } from './damage.ts';
import type { WireEntry } from './messages.ts';
import { PACK_ALL } from './pack-policy.ts';
import { range, StoreBench } from './store-test-support.ts';

const LIMIT = 16;
const hashOf = (shape: number) => String(shape).padStart(64, '0');

/** A batch with a group of each of these shapes, each of one value; none makes a tombstone. */
function entryOf(seq: number, shapes: readonly number[]): WireEntry {
  const at = seq * 1000;
  const column = { values: Float64Array.of(seq), absent: null };
  const isBatch = shapes.length > 0;
  return {
    seq,
    lastSeq: seq,
    fromAt: at,
    at,
    contentHash: seq,
    reason: isBatch ? null : 'gap:spool_full',
    samples: shapes.length,
    shapes: shapes.map(hashOf),
    payload: isBatch ? encodeGroups(shapes.map(() => ({ at, column }))) : null,
  };
}

/** Entries of a host, from `first` on, by the shapes of each. */
function append(
  { store, arriving }: StoreBench,
  first: number,
  shapes: readonly (readonly number[])[],
): void {
  const entries = shapes.map((of, i) => entryOf(first + i, of));
  const bodies = [...new Set(shapes.flat())].map((shape) => ({ hash: hashOf(shape), body: '{}' }));
  const { refusals } = store.commit([{ host: 'web-1', epoch: 'e1', entries }], bodies, arriving, 0);
  assert.deepEqual(refusals, [null]);
}

/** Seqs of what is told of a host. */
function newest({ store }: StoreBench, limit = LIMIT): number[] {
  const { lists } = store.newest(['web-1'], limit);
  return (lists[0] ?? []).map(({ seq }) => seq);
}

test('of a host that says everything with each batch it is the last one', (t) => {
  const bench = new StoreBench(t);
  append(
    bench,
    1,
    range(1, 20).map(() => [1, 2]),
  );
  assert.deepEqual(newest(bench), [20]);
  const { lists, shapes } = bench.store.newest(['nobody', 'web-1'], LIMIT);
  assert.deepEqual(lists[0], []);
  const [entry] = lists[1] ?? [];
  assert.deepEqual(
    entry?.groups.map(({ shape, at, values }) => [shapes[shape]?.hash, at, ...values]),
    [
      [hashOf(1), 20_000, 20],
      [hashOf(2), 20_000, 20],
    ],
  );
});

test('what others do not say again is told of the last that did, within the limit', (t) => {
  for (const packedThrough of [0, 3, 7, 9]) {
    const bench = new StoreBench(t);
    const shapes = [[9], [1], [2, 3], [], [3], [1, 4], [], [4], []];
    append(bench, 1, shapes.slice(0, packedThrough));
    bench.pack(PACK_ALL);
    append(bench, packedThrough + 1, shapes.slice(packedThrough));
    assert.deepEqual(newest(bench), [1, 3, 5, 6, 8], `${packedThrough} packed`);
    assert.deepEqual(newest(bench, 8), [3, 5, 6, 8], 'the first is too far back');
    assert.deepEqual(newest(bench, 1), []);
  }
});

test('it is what reading everything would show, however much is packed', (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomOf(seed);
    const bench = new StoreBench(t);
    let seq = 1;
    for (let part = 0; part < 4; part++) {
      const count = Math.floor(random() * 12);
      append(
        bench,
        seq,
        range(1, count).map(() => range(1, 6).filter(() => random() < 0.3)),
      );
      seq += count;
      if (random() < 0.5) bench.pack({ ...PACK_ALL, blockEntries: 1 + Math.floor(random() * 8) });
    }
    const last = new Map<number | string, number>();
    const after = Math.max(0, seq - 1 - LIMIT);
    const read = { host: 'web-1', after, entriesMax: LIMIT, weightMax: 1e9, atLeastOne: true };
    const { lists, shapes } = bench.store.read([read]);
    for (const { seq: of, groups } of lists[0] ?? [])
      for (const { shape } of groups) last.set(shapes[shape]?.hash ?? '', of);
    assert.deepEqual(
      newest(bench),
      [...new Set(last.values())].sort((a, b) => a - b),
      `seed ${seed}`,
    );
  }
});

test('hosts that a portion has no room for are to be asked for again', (t) => {
  const bench = new StoreBench(t);
  const values = range(1, 50_000);
  const at = 1000;
  const payload = encodeGroups([{ at, column: { values: Float64Array.from(values), absent: null } }]);
  const hosts = range(1, 10).map((i) => `host-${i}`);
  for (const host of hosts) {
    const entries = [{ ...entryOf(1, [1]), samples: values.length, payload }];
    bench.store.commit(
      [{ host, epoch: 'e1', entries }],
      [{ hash: hashOf(1), body: '{}' }],
      bench.arriving,
      0,
    );
  }
  assert.equal(bench.store.newest(hosts, LIMIT).lists.length, 3);
  assert.equal(bench.store.newest(['nobody', 'no one'], LIMIT).lists.length, 2);
});

test('a damaged block is told as damage', (t) => {
  const bench = new StoreBench(t);
  append(bench, 1, [[1], [2]]);
  bench.pack(PACK_ALL);
  bench.reader.exec('UPDATE blocks SET head = zeroblob(length(head))');
  assert.throws(() => newest(bench), DamageError);
  const other = new StoreBench(t);
  append(other, 1, [[1]]);
  other.reader.exec(`UPDATE entries SET shapes = '[1'`);
  assert.throws(() => newest(other), DamageError);
});
