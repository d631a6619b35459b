import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batch, tombstone } from './ledger-test-support.ts';
import { PackedBatch, packed } from './packed-batch.ts';
import { shapeListOf } from './shape-list.ts';

test('a packed batch says what it was made of, and holds nothing of it', () => {
  const given = batch(7);
  const made = new PackedBatch(given);
  const wanted = structuredClone(given.groups);
  for (const { column } of given.groups) column.values.fill(0);
  assert.deepEqual(made.groups, wanted);
  assert.deepEqual([made.seq, made.at, made.contentHash], [given.seq, given.at, given.contentHash]);
  assert.equal(packed(made), made);
  const lost = tombstone(3, 5);
  assert.equal(packed(lost), lost);
});

test('batches of the same shapes share one list, and no others do', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((hash) => ({ shape: { hash, body: hash } }));
  assert.ok(a && b && c);
  const list = shapeListOf([a, b]);
  assert.deepEqual(list.hashes, ['a', 'b']);
  assert.equal(shapeListOf([a, b]), list);
  for (const other of [[a, c], [a], [b, a], []]) {
    assert.deepEqual(
      shapeListOf(other).hashes,
      other.map(({ shape }) => shape.hash),
    );
  }
  assert.deepEqual(shapeListOf([a, b]).hashes, ['a', 'b']);
});
