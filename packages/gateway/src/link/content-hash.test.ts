import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '@tributary/shared/frames';
import { contentHash } from './content-hash.ts';
import { batchOf, groupOf } from './test-support.ts';

const BASE = batchOf(1, 1000, groupOf(1, 1000, 1, 2, 3), groupOf(2, 900, 4));

test('the same content has the same hash, under whatever seq', () => {
  assert.equal(
    contentHash(BASE),
    contentHash(batchOf(1, 1000, groupOf(1, 1000, 1, 2, 3), groupOf(2, 900, 4))),
  );
  assert.equal(contentHash(BASE), contentHash({ ...BASE, seq: 99 }));
});

test('whatever differs makes another hash', () => {
  const [one, two] = BASE.groups;
  assert.ok(one && two);
  const invalid = { ...two, column: null, fault: { code: 'INVALID_VALUE', message: '' } } as const;
  const variants: Batch[] = [
    BASE,
    batchOf(1, 1001, one, two),
    batchOf(1, 1000, two, one),
    batchOf(1, 1000, one),
    batchOf(1, 1000),
    batchOf(1, 1000, { ...one, shape: 3 }, two),
    batchOf(1, 1000, { ...one, at: 999 }, two),
    batchOf(1, 1000, one, invalid),
    batchOf(1, 1000, groupOf(1, 1000, 1, 2, null), two),
    batchOf(1, 1000, groupOf(1, 1000, 1, null, 3), two),
    batchOf(1, 1000, groupOf(1, 1000, 1, 2, 0), two),
    batchOf(1, 1000, groupOf(1, 1000, 1, 2, -0), two),
    batchOf(1, 1000, groupOf(1, 1000, 1, 2, Number.NaN), two),
    // Signs stand in the highest bit: two of them must not cancel each other out.
    batchOf(1, 1000, groupOf(1, 1000, -1, -2, 3), two),
    batchOf(1, 1000, groupOf(1, 1000, -1, 2, -3), two),
    batchOf(1, 1000, groupOf(1, 1000, 1, -2, -3), two),
  ];
  assert.equal(new Set(variants.map(contentHash)).size, variants.length);
});

test('never 0, spread over 32 bits', () => {
  const hashes = new Set<number>();
  for (let i = 0; i < 20_000; i++) hashes.add(contentHash(batchOf(1, 1000, groupOf(1, 1000, i, 7, 2 * i))));
  assert.ok(!hashes.has(0));
  for (const hash of hashes) assert.ok(Number.isInteger(hash) && hash > 0 && hash < 2 ** 32);
  // By chance alone, 20,000 of 2^32 collide 0.05 times.
  assert.ok(hashes.size >= 19_998, `${hashes.size} different ones`);
});
