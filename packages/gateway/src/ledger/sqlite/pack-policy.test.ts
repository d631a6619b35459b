import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACK_ALL, PACK_POLICY, TIGHTNESS_MAX, tightened, unpackedShareMax } from './pack-policy.ts';
import { range, StoreBench, wireBatch } from './store-test-support.ts';

const MINUTE_MS = 60_000;
const NOW = 1_795_330_000_000;

/** Times of a host that sends each `stepMs`, the last at `NOW`. */
function times(count: number, stepMs: number): number[] {
  return range(1, count).map((i) => NOW - (count - i) * stepMs);
}

test('each step is tighter than the one before, and due no sooner', () => {
  assert.equal(tightened(PACK_POLICY, 0), PACK_POLICY);
  for (const tightness of range(1, TIGHTNESS_MAX)) {
    const [one, next] = [tightened(PACK_POLICY, tightness - 1), tightened(PACK_POLICY, tightness)];
    assert.ok(next.freshMs < one.freshMs && next.freshEntries < one.freshEntries, `step ${tightness}`);
    assert.ok(next.leastEntries < one.leastEntries);
    assert.ok(unpackedShareMax(tightness) >= unpackedShareMax(tightness - 1));
    const { freshMs, freshEntries, leastEntries } = next;
    assert.deepEqual(next, { ...PACK_POLICY, freshMs, freshEntries, leastEntries }, 'blocks stay as large');
  }
});

test('a policy that is tight by itself is not loosened', () => {
  const { freshMs, freshEntries, lingerMs } = tightened({ ...PACK_ALL, leastEntries: 1 }, 1);
  assert.deepEqual([freshMs, freshEntries, lingerMs], [PACK_ALL.freshMs, 0, PACK_ALL.lingerMs]);
  assert.equal(tightened({ ...PACK_POLICY, leastEntries: 1 }, TIGHTNESS_MAX).leastEntries, 1);
});

test('the tighter, the fewer entries a host has that are not packed', (t) => {
  const bench = new StoreBench(t);
  bench.append('web-1', ...times(93, 10_000));
  const left = range(0, TIGHTNESS_MAX).map((tightness) => {
    bench.pack(tightened(PACK_POLICY, tightness), NOW);
    return bench.rows('web-1').entries.length;
  });
  // Those of the last two minutes; the same, since no twelve of them are older than one; none.
  assert.deepEqual(left, [93, 13, 13, 0]);
  assert.deepEqual(bench.rows('web-1').blocks, ['1-64', '65-93']);
  assert.deepEqual(bench.read('web-1'), range(1, 93));
});

test('what is fresh stays, as far as the step has it so', (t) => {
  const bench = new StoreBench(t);
  const left = (host: string, count: number, tightness: number) => {
    bench.append(host, ...times(count, 10_000));
    bench.pack(tightened(PACK_POLICY, tightness), NOW);
    return bench.rows(host).entries.length;
  };
  // At `NOW`, 13 are of the last two minutes and 7 of the last one.
  assert.deepEqual([left('a', 28, 1), left('b', 29, 1)], [28, 13]);
  assert.deepEqual([left('c', 18, 2), left('d', 19, 2)], [18, 7]);
  assert.deepEqual([left('e', 1, 3), left('f', 2, 3)], [1, 0]);
});

test('a host that sends each second keeps as many as the step has it', (t) => {
  const bench = new StoreBench(t);
  bench.append('fast', ...times(100, 1000));
  bench.pack(tightened(PACK_POLICY, 1), NOW);
  assert.deepEqual(bench.rows('fast').entries, range(85, 100));
  bench.append('slow', ...times(30, MINUTE_MS));
  bench.pack(tightened(PACK_POLICY, 1), NOW);
  assert.deepEqual(bench.rows('slow').entries, range(28, 30));
});

test('a host that sends large batches gets smaller blocks by any policy', (t) => {
  const bench = new StoreBench(t);
  const values = range(1, 20_000);
  for (const at of times(10, MINUTE_MS)) bench.appendAs('large', 'e1', [(seq) => wireBatch(seq, at, values)]);
  bench.pack(tightened(PACK_POLICY, 3), NOW + MINUTE_MS);
  // Of 160 KB each, three are within 512 KiB; one by itself is fewer than the step wants.
  assert.deepEqual(bench.rows('large'), { blocks: ['1-3', '4-6', '7-9'], entries: [10] });
});
