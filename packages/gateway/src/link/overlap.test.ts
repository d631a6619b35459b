import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlap } from './overlap.ts';
import { familyOf, gauges, shapeOf } from './test-support.ts';

function flags(a: Parameters<typeof overlap>[0], b: Parameters<typeof overlap>[1]): number[] | null {
  const found = overlap(a, b);
  return found === null ? null : [...found];
}

test('says which series of one shape stand in the other', () => {
  const old = shapeOf([familyOf('a', 'gauge', ['', { x: '1' }], ['', { x: '2' }]), ...gauges('b', 'c')]);
  const restated = shapeOf([...gauges('d', 'c'), familyOf('a', 'gauge', ['', { x: '2' }], ['', { x: '3' }])]);
  assert.deepEqual(flags(old, restated), [0, 1, 0, 1]);
  assert.deepEqual(flags(restated, old), [0, 1, 1, 0]);
  // Asked again it is remembered.
  assert.deepEqual(flags(old, restated), [0, 1, 0, 1]);
});

test('flags stand at the place of the value, not of the line', () => {
  const unordered = shapeOf([familyOf('h', 'histogram', ['_count', {}], ['_bucket', { le: '+Inf' }])]);
  assert.deepEqual(flags(unordered, shapeOf(gauges('h_count'))), [1, 0]);
});

test('shapes without a sample name in common have nothing in common', () => {
  assert.equal(overlap(shapeOf(gauges('a', 'b')), shapeOf(gauges('c'))), null);
  assert.equal(overlap(shapeOf([]), shapeOf(gauges('c'))), null);
  // Same name, other labels.
  assert.equal(overlap(shapeOf([familyOf('a', 'gauge', ['', { x: '1' }])]), shapeOf(gauges('a'))), null);
});

test('another target, other series; a job that is not said is node, an instance the host, and an empty label is none', () => {
  const plain = shapeOf(gauges('a'));
  assert.equal(overlap(plain, shapeOf(gauges('a'), { job: 'db' })), null);
  assert.equal(overlap(plain, shapeOf(gauges('a'), { env: 'x' })), null);
  assert.equal(overlap(plain, shapeOf(gauges('a'), { instance: 'i' })), null);
  assert.deepEqual(flags(plain, shapeOf(gauges('a'), { job: 'node' })), [1]);
  assert.deepEqual(flags(plain, shapeOf(gauges('a'), { env: '' })), [1]);
  const none = shapeOf(gauges('a'), { job: 'db', instance: '' });
  assert.equal(
    overlap(none, shapeOf(gauges('a'), { job: 'db' })),
    null,
    'that one has the host as its instance',
  );
  assert.deepEqual(flags(none, shapeOf(gauges('a'), { job: 'db', instance: '', env: '' })), [1]);
  const ab = shapeOf(gauges('a'), { x: '1', y: '2' });
  assert.deepEqual(flags(ab, shapeOf(gauges('a', 'z'), { y: '2', x: '1' })), [1]);
});

test('a thousand shapes are compared in no time', () => {
  const shapes = Array.from({ length: 1000 }, (_, i) => shapeOf(gauges(`a${i}`, `b${i}`, `c${i}`)));
  const before = process.cpuUsage();
  for (const a of shapes) for (const b of shapes) if (a !== b) assert.equal(overlap(a, b), null);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 5_000_000, `${user} µs`);
});
