import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredEntry } from '../ledger/ledger.ts';
import type { AdmittedShape } from './admission.ts';
import { HostTimes } from './host-times.ts';
import { ShapeRegistry } from './shape-registry.ts';
import { gauges, shapeOf } from './test-support.ts';

const A = shapeOf(gauges('a'));
const B = shapeOf(gauges('b'));
const AC = shapeOf(gauges('a', 'c'));

function judge(times: HostTimes, ...groups: readonly (readonly [AdmittedShape, number])[]): string[] {
  return times.judge(groups.map(([shape, at]) => ({ shape, at })));
}

test('per shape, moments rise strictly', () => {
  const times = new HostTimes(0);
  assert.deepEqual(judge(times, [A, 1000], [B, 1000]), ['new', 'new']);
  assert.deepEqual(judge(times, [A, 1000], [B, 1001]), ['repeat', 'new']);
  assert.deepEqual(judge(times, [A, 999], [B, 1000]), ['backwards', 'backwards']);
  assert.deepEqual(judge(times, [A, 1001]), ['new']);
  assert.equal(times.newest, 1001);
});

test('a group may lie before the batch, as long as its own series go forward', () => {
  const times = new HostTimes(0);
  assert.deepEqual(judge(times, [A, 1000], [B, 900]), ['new', 'new']);
  assert.deepEqual(judge(times, [A, 1100], [B, 950]), ['new', 'new']);
  assert.deepEqual(judge(times, [B, 950]), ['repeat']);
});

test('series that were restated in another shape are judged by both', () => {
  const times = new HostTimes(0);
  assert.deepEqual(judge(times, [A, 1000]), ['new']);
  assert.deepEqual(judge(times, [B, 2000]), ['new']);
  assert.deepEqual(judge(times, [AC, 1000]), ['repeat']);
  assert.deepEqual(judge(times, [AC, 900]), ['backwards']);
  assert.deepEqual(judge(times, [AC, 1500]), ['new']);
  assert.deepEqual(judge(times, [A, 1400]), ['backwards']);
});

test('what the ledger has of the host is the floor', () => {
  const times = new HostTimes(5000);
  assert.equal(times.newest, 5000);
  assert.deepEqual(judge(times, [A, 5000], [B, 4999]), ['repeat', 'backwards']);
  assert.deepEqual(judge(times, [A, 5001]), ['new']);
});

test('remembers so many shapes, and is strict with those that it forgot', () => {
  const times = new HostTimes(0);
  const shapes = Array.from({ length: 600 }, (_, i) => shapeOf(gauges(`m${i}`)));
  for (const [i, shape] of shapes.entries()) assert.deepEqual(judge(times, [shape, 1000 + i]), ['new']);
  // The first 88 went into the floor, which stands at the last of them.
  assert.deepEqual(judge(times, [shapes[0] ?? A, 1050]), ['backwards']);
  assert.deepEqual(judge(times, [shapes[0] ?? A, 1090]), ['new']);
  assert.deepEqual(judge(times, [shapes[599] ?? A, 1599]), ['repeat']);
});

const COLUMN = { values: Float64Array.of(1), absent: null };

function stored(
  offset: number,
  at: number,
  ...groups: readonly (readonly [AdmittedShape, number])[]
): StoredEntry {
  return {
    kind: 'batch',
    offset,
    epoch: 'e1',
    samples: groups.length,
    samplesThrough: offset * groups.length,
    seq: offset,
    at,
    contentHash: 1,
    groups: groups.map(([shape, groupAt]) => ({ shape, at: groupAt, column: COLUMN })),
  };
}

function recall(
  lastAt: number,
  ...recent: readonly StoredEntry[]
): { times: HostTimes; shapes: ShapeRegistry } {
  const shapes = new ShapeRegistry();
  const stream = { next: 9, lastHash: 0, lastAt, nextOffset: (recent.at(-1)?.offset ?? 0) + 1 };
  return { times: HostTimes.recall(stream, recent, shapes), shapes };
}

/** The same content, as the registry of that connection holds it. */
function within(shapes: ShapeRegistry, shape: AdmittedShape): AdmittedShape {
  const { shape: found } = shapes.restore(shape);
  assert.ok(found !== null);
  return found;
}

test('a tick that a broken connection cut in two goes on where it was cut', () => {
  const { times, shapes } = recall(1000, stored(7, 900, [A, 900], [B, 900]), stored(8, 1000, [A, 1000]));
  assert.deepEqual(judge(times, [within(shapes, A), 1000]), ['repeat']);
  assert.deepEqual(judge(times, [within(shapes, B), 1000]), ['new']);
});

test('after a reconnect a target that was scraped before its batch still goes forward', () => {
  const { times, shapes } = recall(1000, stored(7, 900, [A, 900], [B, 850]), stored(8, 1000, [A, 1000]));
  assert.deepEqual(judge(times, [within(shapes, B), 950]), ['new']);
  assert.deepEqual(judge(times, [within(shapes, B), 900]), ['backwards']);
});

test('what is older than the recalled entries is bounded by the first of them, or by nothing at the log’s begin', () => {
  const later = recall(1000, stored(7, 900, [A, 900]), stored(8, 1000, [A, 1000]));
  assert.deepEqual(judge(later.times, [within(later.shapes, B), 899]), ['backwards']);
  assert.deepEqual(judge(later.times, [within(later.shapes, B), 901]), ['new']);
  const whole = recall(1000, stored(1, 900, [A, 900]), stored(2, 1000, [A, 1000]));
  assert.deepEqual(judge(whole.times, [within(whole.shapes, B), 5]), ['new']);
});

test('where an earlier epoch was ahead, its newest moment stands for all', () => {
  const { times, shapes } = recall(5000, stored(7, 900, [A, 900]), stored(8, 1000, [A, 1000]));
  assert.deepEqual(judge(times, [within(shapes, B), 4999]), ['backwards']);
  assert.deepEqual(judge(times, [within(shapes, B), 5001]), ['new']);
});

test('counts the series that a host has beside those of a batch', () => {
  const times = new HostTimes(0);
  judge(times, [A, 1000], [B, 2000]);
  assert.equal(times.seriesBeside([], 0), 2);
  assert.equal(times.seriesBeside([B], 0), 1);
  assert.equal(times.seriesBeside([], 1500), 1, 'what was not used since is no longer its');
  assert.equal(times.seriesBeside([AC], 0), 1, 'what is restated is counted once');
});
