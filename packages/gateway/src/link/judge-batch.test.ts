import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch, Group } from '@tributary/shared/frames';
import { DEFAULT_LIMITS, FUTURE_MS_MAX } from '@tributary/shared/limits';
import type { Admission } from './admission.ts';
import { HostTimes } from './host-times.ts';
import { judgeBatch } from './judge-batch.ts';
import { ShapeRegistry } from './shape-registry.ts';
import { batchOf, familyOf, gauges, groupOf, NOW, shapeOf } from './test-support.ts';

const A = shapeOf(gauges('a'));
const AB = shapeOf(gauges('a', 'b'));
const C = shapeOf(gauges('c'));
const SHAPES = new Map<number, Admission>([
  [1, { shape: A, fault: null }],
  [2, { shape: AB, fault: null }],
  [3, { shape: C, fault: null }],
  [4, { shape: null, fault: { code: 'INVALID_NAME', message: 'bad name' } }],
]);

function judge(batch: Batch, times = new HostTimes(0), limits = DEFAULT_LIMITS) {
  return judgeBatch(batch, 77, SHAPES, times, limits, NOW);
}

/** What is rejected of a batch in which a good group stands before and behind the bad one. */
function rejectOf(group: Group, limits = DEFAULT_LIMITS) {
  const { entry, rejects, drops } = judge(batchOf(5, NOW, groupOf(3, NOW, 1), group), undefined, limits);
  assert.equal(entry.kind, 'batch', 'the good group is kept');
  assert.equal(entry.kind === 'batch' && entry.groups.length, 1);
  assert.equal(rejects.length, 1);
  assert.equal(rejects[0]?.group, 1);
  assert.ok(drops.has('rejected'));
  return rejects[0]?.code;
}

test('a good batch is kept as it came, with its hash', () => {
  const { entry, rejects, drops } = judge(batchOf(5, NOW, groupOf(2, NOW, 1, null), groupOf(3, NOW - 10, 2)));
  assert.ok(entry.kind === 'batch');
  assert.deepEqual([entry.seq, entry.at, entry.contentHash], [5, NOW, 77]);
  assert.deepEqual(
    entry.groups.map(({ shape, at }) => [shape, at]),
    [
      [AB, NOW],
      [C, NOW - 10],
    ],
  );
  assert.deepEqual([rejects, drops.size], [[], 0]);
});

test('a bad group costs only itself: every code', () => {
  assert.equal(rejectOf(groupOf(9, NOW, 1)), 'UNKNOWN_SHAPE');
  assert.equal(rejectOf(groupOf(4, NOW, 1)), 'INVALID_NAME');
  assert.equal(rejectOf(groupOf(1, NOW, 1, 2)), 'WRONG_LENGTH');
  assert.equal(rejectOf(groupOf(1, NOW)), 'WRONG_LENGTH');
  assert.equal(rejectOf(groupOf(3, NOW, 1)), 'DUPLICATE_SERIES');
  assert.equal(rejectOf(groupOf(2, NOW, 1, 2), { ...DEFAULT_LIMITS, seriesMax: 2 }), 'TOO_MANY_SERIES');
  for (const code of ['INVALID_VALUE', 'FUTURE', 'TOO_MANY_SERIES'] as const) {
    assert.equal(rejectOf({ shape: 1, at: NOW, column: null, fault: { code, message: 'x' } }), code);
  }
});

test('series that another group of the batch has too are refused, in whatever shape', () => {
  const { entry, rejects } = judge(batchOf(1, NOW, groupOf(1, NOW, 1), groupOf(2, NOW, 1, 2)));
  assert.deepEqual(
    rejects.map(({ group, code }) => [group, code]),
    [[1, 'DUPLICATE_SERIES']],
  );
  assert.equal(entry.kind === 'batch' && entry.groups[0]?.shape, A);
});

test('a duplicate is one also when the first of the two is dropped', () => {
  const times = new HostTimes(NOW - 100);
  const { entry, rejects, drops } = judge(
    batchOf(1, NOW, groupOf(1, NOW - 100, 1), groupOf(1, NOW, 1)),
    times,
  );
  assert.equal(rejects[0]?.code, 'DUPLICATE_SERIES');
  assert.deepEqual(
    [...drops],
    [
      ['rejected', 1],
      ['repeat', 1],
    ],
  );
  assert.equal(entry.kind, 'tombstone');
});

test('a batch from the future is rejected as a whole, and settles its seq', () => {
  const at = NOW + FUTURE_MS_MAX + 1;
  const { entry, rejects, drops } = judge(batchOf(5, at, groupOf(2, at, 1, null), groupOf(3, at, 1)));
  assert.deepEqual(entry, {
    kind: 'tombstone',
    seq: 5,
    lastSeq: 5,
    fromAt: NOW,
    at: NOW,
    reason: 'rejected:FUTURE',
    contentHash: 77,
  });
  assert.deepEqual([rejects.length, rejects[0]?.group, rejects[0]?.code], [1, null, 'FUTURE']);
  assert.equal(drops.get('rejected'), 2);
  assert.equal(judge(batchOf(5, NOW + FUTURE_MS_MAX, groupOf(1, NOW, 1))).entry.kind, 'batch');
});

test('repeats and what goes backwards are dropped and counted by their present values', () => {
  const times = new HostTimes(0);
  judge(batchOf(1, NOW, groupOf(2, NOW, 1, 2), groupOf(3, NOW - 50, 1)), times);
  const { entry, rejects, drops } = judge(
    batchOf(2, NOW + 10, groupOf(2, NOW, 1, null), groupOf(3, NOW - 60, 1)),
    times,
  );
  assert.deepEqual(
    [...drops],
    [
      ['repeat', 1],
      ['backwards', 1],
    ],
  );
  assert.deepEqual(rejects, []);
  assert.ok(entry.kind === 'tombstone');
  assert.deepEqual([entry.reason, entry.at], ['dropped:repeat,backwards', NOW + 10]);
});

test('when nothing is left a tombstone names the first reject', () => {
  const { entry } = judge(batchOf(5, NOW, groupOf(9, NOW, 1), groupOf(1, NOW, 1, 2)));
  assert.ok(entry.kind === 'tombstone');
  assert.equal(entry.reason, 'rejected:UNKNOWN_SHAPE');
});

test('a batch without groups is a sign of life and kept', () => {
  const { entry } = judge(batchOf(5, NOW));
  assert.deepEqual(entry, { kind: 'batch', seq: 5, at: NOW, groups: [], contentHash: 77 });
});

test('the bound on series is the host’s, over all the shapes that it uses at a time', () => {
  const limits = { ...DEFAULT_LIMITS, seriesMax: 2 };
  const times = new HostTimes(0);
  assert.deepEqual(judge(batchOf(1, NOW, groupOf(2, NOW, 1, 2)), times, limits).rejects, []);
  const beside = judge(batchOf(2, NOW + 1000, groupOf(3, NOW + 1000, 1)), times, limits);
  assert.equal(beside.rejects[0]?.code, 'TOO_MANY_SERIES');
  assert.match(beside.rejects[0]?.message ?? '', /groups\[0\] has 1 series, and the host may have 0 more/);
  const restated = judge(batchOf(3, NOW + 1000, groupOf(1, NOW + 1000, 1)), times, limits);
  assert.deepEqual(restated.rejects, [], 'a shape that restates another takes its place');
  const tenMinutesMs = 10 * 60_000;
  const later = judgeBatch(
    batchOf(4, NOW + tenMinutesMs, groupOf(3, NOW + tenMinutesMs, 1)),
    77,
    SHAPES,
    times,
    limits,
    NOW + tenMinutesMs,
  );
  assert.deepEqual(later.rejects, [], 'what is no longer used does not count');
});

/** Shapes 1…`count` of one series each, whose sample name is `name(i)`. */
function manyShapes(count: number, name: (i: number) => string) {
  const registry = new ShapeRegistry();
  return new Map<number, Admission>(
    Array.from({ length: count }, (_, i) => {
      const family = familyOf(name(i), 'gauge', ['', { i: `${i}` }]);
      return [i + 1, { shape: shapeOf([family], {}, registry), fault: null }];
    }),
  );
}

test('thousands of shapes are judged in time that is linear in their series', (t) => {
  for (const name of [() => 'one', (i: number) => `m${i}`]) {
    const shapes = manyShapes(3072, name);
    const times = new HostTimes(0);
    const before = process.cpuUsage();
    let cost = 0;
    for (let round = 0; round < 21; round++) {
      const at = NOW + round;
      const from = (round % 3) * 1024;
      const groups = Array.from({ length: 1024 }, (_, i) => groupOf(from + i + 1, at, 1));
      const verdict = judgeBatch(batchOf(round + 1, at, ...groups), 77, shapes, times, DEFAULT_LIMITS, NOW);
      assert.deepEqual([verdict.rejects, verdict.drops.size], [[], 0]);
      cost += verdict.cost;
      // What comes again is found to be old, among as many.
      const again = judgeBatch(batchOf(round + 1, at, ...groups), 77, shapes, times, DEFAULT_LIMITS, NOW);
      assert.equal((again.drops.get('repeat') ?? 0) + (again.drops.get('backwards') ?? 0), 1024);
    }
    const { user } = process.cpuUsage(before);
    t.diagnostic(`${Math.round(user / 1000)} ms of CPU`);
    assert.ok(user < 2_000_000, `${user} µs`);
    assert.ok(cost > 21 * 100_000, `${cost}`);
  }
});

test('a host with few shapes pays nothing for being judged, and one near its bound for the series that it has', () => {
  assert.equal(judge(batchOf(1, NOW, groupOf(2, NOW, 1, 2), groupOf(3, NOW, 1))).cost, 0);
  const limits = { ...DEFAULT_LIMITS, seriesMax: 3 };
  const times = new HostTimes(0);
  judge(batchOf(1, NOW, groupOf(2, NOW, 1, 2), groupOf(3, NOW, 1)), times, limits);
  assert.equal(judge(batchOf(2, NOW + 1, groupOf(1, NOW + 1, 1)), times, limits).cost, 1);
});

test('among many groups, too, a series that an earlier one has is refused', () => {
  const shapes = new Map([
    ...manyShapes(1000, () => 'one'),
    [1001, { shape: shapeOf([familyOf('one', 'gauge', ['', { i: '7' }], ['', { i: 'x' }])]), fault: null }],
  ]);
  const groups = [...shapes.keys()].map((id) => groupOf(id, NOW, ...(id === 1001 ? [1, 2] : [1])));
  const { rejects } = judgeBatch(
    batchOf(1, NOW, ...groups, groupOf(5, NOW, 1)),
    77,
    shapes,
    new HostTimes(0),
    DEFAULT_LIMITS,
    NOW,
  );
  assert.deepEqual(
    rejects.map(({ group, code }) => [group, code]),
    [
      [1000, 'DUPLICATE_SERIES'],
      [1001, 'DUPLICATE_SERIES'],
    ],
  );
});
