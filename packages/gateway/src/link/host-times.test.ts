import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdmittedShape } from './admission.ts';
import { HostTimes } from './host-times.ts';
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
