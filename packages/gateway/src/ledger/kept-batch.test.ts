import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptBatch } from './kept-batch.ts';
import type { BatchEntry } from './ledger.ts';
import { SHAPE } from './ledger-test-support.ts';
import { PackedBatch } from './packed-batch.ts';

const LENGTH = 100;

/** A column of which a tenth differs from that of the seq before; some values are absent, or NaN. */
function batchOf(seq: number, length = LENGTH): BatchEntry {
  const values = Float64Array.from({ length }, (_, i) => (i % 10 === seq % 10 ? seq * 1000 + i : i));
  values[1] = Number.NaN;
  const absent = Uint8Array.from({ length }, (_, i) => (i === seq % 7 ? 1 : 0));
  for (const [i, flag] of absent.entries()) if (flag === 1) values[i] = 0;
  const groups = [{ shape: SHAPE, at: seq * 10_000, column: { values, absent } }];
  return { kind: 'batch', seq, at: seq * 10_000, contentHash: seq, groups };
}

function kept(entry: BatchEntry): KeptBatch {
  const { seq } = entry;
  return new KeptBatch(new PackedBatch(entry), {
    epoch: 'e1',
    offset: seq,
    samples: 99,
    samplesThrough: seq * 99,
  });
}

test('batches that lean on what came after them show what they did before, and take up less', () => {
  const given = Array.from({ length: 40 }, (_, i) => batchOf(i + 1));
  const batches = given.map(kept);
  const whole = batches[0]?.bytes ?? 0;
  for (const [i, batch] of batches.entries()) batches[i - 1]?.leanOn(batch);
  for (const [i, batch] of batches.entries()) {
    assert.deepEqual(batch.groups, given[i]?.groups);
    const { seq, at, contentHash, epoch, offset, samples, samplesThrough } = batch;
    assert.deepEqual(
      [seq, at, contentHash, epoch, offset, samples, samplesThrough],
      [i + 1, (i + 1) * 10_000, i + 1, 'e1', i + 1, 99, (i + 1) * 99],
    );
  }
  // Every sixteenth has its own payload, so that no more than fifteen differences are gone through for one.
  assert.deepEqual(
    batches.flatMap((batch, i) => (batch.bytes === whole ? [i] : [])),
    [15, 31, 39],
  );
  for (const batch of batches) assert.ok(batch.bytes === whole || batch.bytes < whole / 2);
});

test('what is of another size, or differs in most, keeps its payload', () => {
  const longer = kept(batchOf(2, LENGTH + 1));
  const first = kept(batchOf(1));
  const { bytes } = first;
  first.leanOn(longer);
  assert.equal(first.bytes, bytes);
  const [group] = batchOf(3).groups;
  assert.ok(group);
  const values = group.column.values.map((value) => value + 0.3);
  const other = kept({ ...batchOf(3), groups: [{ ...group, column: { values, absent: null } }] });
  first.leanOn(other);
  assert.equal(first.bytes, bytes);
  assert.deepEqual(first.groups, batchOf(1).groups);
});
