import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { presentCount } from '@tributary/shared/column';
import type { BatchEntry, Entry, Position } from '../ledger.ts';
import { batch, tombstone } from '../ledger-test-support.ts';
import { packed } from '../packed-batch.ts';
import { KEEP_MS, Tails } from './tails.ts';

/** Tails and a clock; everything that is appended is durable at once. */
function bench(bytesMax?: number, hosts: ConstructorParameters<typeof Tails>[0] = []) {
  const clock = { now: 0 };
  const tails = new Tails(hosts, () => clock.now, bytesMax);
  const ends = new Map<string, Position>(hosts.map(({ host, end }) => [host, end]));
  const append = (host: string, entries: readonly Entry[], count = entries.length) => {
    const { offset = 0, samples = 0 } = ends.get(host) ?? {};
    const fresh = entries.slice(entries.length - count);
    const last = fresh.at(-1);
    const end = {
      offset: offset + count,
      samples: samples + fresh.reduce((sum, entry) => sum + samplesOf(entry), 0),
      epoch: 'e1',
      seq: last?.kind === 'tombstone' ? last.lastSeq : (last?.seq ?? 0),
    };
    ends.set(host, end);
    tails.add({ append: { host, epoch: 'e1' }, entries: entries.map(packed) }, count, end);
    return end;
  };
  const offsets = (host: string) => tails.of(host)?.entries.map(({ offset }) => offset);
  return { clock, tails, append, offsets };
}

function samplesOf(entry: Entry): number {
  if (entry.kind === 'tombstone') return 0;
  return entry.groups.reduce((sum, { column }) => sum + presentCount(column), 0);
}

/** About 8 KB, of which no other seq has any. */
function large(seq: number): BatchEntry {
  const [group] = batch(seq).groups;
  assert.ok(group);
  return {
    ...batch(seq),
    groups: [
      {
        ...group,
        column: { values: Float64Array.from({ length: 1000 }, (_, i) => seq + i / 7), absent: null },
      },
    ],
  };
}

test('the ends of logs that were found are known, without entries', () => {
  const end = { offset: 7, samples: 70, epoch: 'e0', seq: 9 };
  const { tails, append, offsets } = bench(undefined, [{ host: 'web-1', end, lastAt: 5, epoch: 'e0' }]);
  assert.deepEqual(tails.of('web-1'), { end, entries: [] });
  assert.equal(tails.of('web-2'), null);
  append('web-1', [batch(10)]);
  assert.deepEqual(offsets('web-1'), [8]);
  assert.equal(tails.of('web-1')?.entries[0]?.samplesThrough, 72);
});

test('entries are the ones that were appended, as far as they are new, with their places', () => {
  const { tails, append } = bench();
  const [first, second, lost] = [batch(1), batch(2), tombstone(3, 5)];
  append('web-1', [first]);
  const end = append('web-1', [first, second, lost], 2);
  const tail = tails.of('web-1');
  assert.deepEqual(tail?.end, end);
  assert.deepEqual(
    tail?.entries.map(({ offset, samples, samplesThrough, epoch }) => [
      offset,
      samples,
      samplesThrough,
      epoch,
    ]),
    [
      [1, 2, 2, 'e1'],
      [2, 2, 4, 'e1'],
      [3, 0, 4, 'e1'],
    ],
  );
  const [, stored] = tail?.entries ?? [];
  assert.ok(stored?.kind === 'batch');
  assert.deepEqual(stored.groups, second.groups);
  assert.equal(presentCount(stored.groups[0]?.column ?? { values: new Float64Array(), absent: null }), 2);
  assert.equal(tails.of('web-1'), tail, 'made once while the log does not grow');
});

test('entries go when they have been here for so long, and what was handed out stays as it was', () => {
  const { clock, tails, append, offsets } = bench();
  append('web-1', [batch(1), batch(2)]);
  clock.now = 1000;
  append('web-1', [batch(3)]);
  const before = tails.of('web-1');
  clock.now = KEEP_MS;
  append('web-2', [batch(1)]);
  assert.deepEqual(offsets('web-1'), [1, 2, 3]);
  clock.now = KEEP_MS + 1;
  append('web-2', [batch(2)]);
  assert.deepEqual(offsets('web-1'), [3]);
  clock.now = KEEP_MS + 1001;
  append('web-2', [batch(3)]);
  assert.deepEqual([offsets('web-1'), offsets('web-2')], [[], [1, 2, 3]]);
  assert.equal(tails.of('web-1')?.end.offset, 3);
  assert.equal(before?.entries.length, 3);
});

test('beyond the bound of bytes the first that came go first, whoever’s they are', () => {
  const { tails, append, offsets } = bench(50_000);
  append('web-1', [large(1), large(2)]);
  append('web-2', [large(1), large(2)]);
  append('web-1', [large(3)]);
  assert.deepEqual(
    [offsets('web-1'), offsets('web-2')],
    [
      [1, 2, 3],
      [1, 2],
    ],
  );
  append('web-2', [large(3), large(4), large(5)]);
  assert.deepEqual([offsets('web-1'), offsets('web-2')], [[3], [2, 3, 4, 5]]);
  assert.ok(tails.bytes <= 50_000 && tails.bytes > 40_000, `${tails.bytes} bytes`);
});

test('of batches that are alike, the newest is kept whole, and the others as what they have otherwise', () => {
  const { clock, tails, append } = bench();
  const [group] = large(1).groups;
  assert.ok(group);
  const alike = [1, 2, 3].map((seq) => {
    const values = group.column.values.with(5, seq);
    return { ...batch(seq), groups: [{ ...group, column: { values, absent: null } }] };
  });
  append('web-1', alike);
  assert.ok(tails.bytes > 8000 && tails.bytes < 12_000, `${tails.bytes} bytes`);
  const shown = tails.of('web-1')?.entries.map((entry) => entry.kind === 'batch' && entry.groups);
  assert.deepEqual(
    shown,
    alike.map(({ groups }) => groups),
  );
  clock.now = KEEP_MS + 1;
  append('web-2', [tombstone(1, 1)]);
  const one = bench();
  one.append('web-2', [tombstone(1, 1)]);
  assert.equal(tails.bytes, one.tails.bytes, 'each that went was counted as what it had become');
});

test('batches on the two sides of a tombstone do not lean on each other', () => {
  const { tails, append } = bench();
  append('web-1', [large(1), tombstone(2, 2), large(1)]);
  assert.ok(tails.bytes > 16_000, `${tails.bytes} bytes`);
});

test('what has gone is held no longer, though its place is not cut off yet', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { clock, tails, append } = bench();
  append('web-1', [batch(1)]);
  const gone = new WeakRef(tails.of('web-1')?.entries[0] ?? assert.fail('there is none'));
  clock.now = KEEP_MS;
  append('web-1', [batch(2), batch(3)]);
  clock.now = KEEP_MS + 1;
  append('web-2', [batch(1)]);
  assert.equal(tails.of('web-1')?.entries.length, 2);
  // A weak reference holds what it is for until the present turn is over.
  await setImmediate();
  collect();
  assert.equal(gone.deref(), undefined);
});

test('an entry that alone is beyond the bound is not kept, and the end is known nevertheless', () => {
  const { tails, append, offsets } = bench(1000);
  append('web-1', [large(1)]);
  assert.deepEqual(offsets('web-1'), []);
  assert.equal(tails.of('web-1')?.end.offset, 1);
  assert.equal(tails.bytes, 0);
});

test('a host that was forgotten and comes back has a new log, of which the old entries are no part', () => {
  const { clock, tails, append } = bench();
  append('web-1', [batch(1), batch(2)]);
  tails.forget('web-1');
  assert.equal(tails.of('web-1'), null);
  const end = { offset: 1, samples: 2, epoch: 'e1', seq: 1 };
  const entry = batch(1);
  tails.add({ append: { host: 'web-1', epoch: 'e1' }, entries: [packed(entry)] }, 1, end);
  clock.now = KEEP_MS + 1;
  append('web-2', [batch(1)]);
  assert.deepEqual(tails.of('web-1'), { end, entries: [] });
  assert.equal(tails.bytes > 0, true);
});

test('dropping one at a time costs the same however many there are', () => {
  const { append, offsets } = bench(2_000_000);
  for (let seq = 1; seq <= 20_000; seq++) append('web-1', [batch(seq)]);
  const kept = offsets('web-1') ?? [];
  assert.equal(kept.at(-1), 20_000);
  assert.ok(kept.length > 1000 && kept.length < 5000, `${kept.length} kept`);
});
