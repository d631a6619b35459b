import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ShapeRegistry } from './shape-registry.ts';
import { familyOf, gauges } from './test-support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('equal shapes are one object, others are not', () => {
  const registry = new ShapeRegistry();
  const one = registry.intern({ labels: { env: 'x' }, families: gauges('a', 'b') });
  assert.ok(one.shape);
  assert.equal(registry.intern({ labels: { env: 'x' }, families: gauges('a', 'b') }).shape, one.shape);
  assert.notEqual(registry.intern({ labels: { env: 'y' }, families: gauges('a', 'b') }).shape, one.shape);
  assert.notEqual(registry.intern({ labels: { env: 'x' }, families: gauges('b', 'a') }).shape, one.shape);
  assert.match(one.shape.hash, /^[0-9a-f]{64}$/);
});

test('what the ledger kept comes back as the same shape', () => {
  const families = [...gauges('a'), familyOf('h', 'histogram', ['_bucket', { le: '+Inf' }])];
  const { shape } = new ShapeRegistry().intern({ labels: { env: 'x' }, families });
  assert.ok(shape);
  const registry = new ShapeRegistry();
  const restored = registry.restore({ hash: shape.hash, body: shape.body });
  assert.deepEqual(restored.shape, shape);
  assert.equal(registry.restore(shape).shape, restored.shape);
  assert.equal(registry.intern({ labels: { env: 'x' }, families }).shape, restored.shape);
});

test('a shape that no longer passes is a fault, not an error', () => {
  const body = '{"labels":{},"families":[{"name":"1a","type":"gauge","help":"","series":[["",{}]]}]}';
  assert.equal(new ShapeRegistry().restore({ hash: 'x', body }).fault?.code, 'INVALID_NAME');
});

test('each shape that passes is handed on once, wherever it comes from', () => {
  const seen: unknown[] = [];
  const registry = new ShapeRegistry((shape) => seen.push(shape));
  const { shape } = registry.intern({ labels: {}, families: gauges('a') });
  assert.ok(shape);
  registry.intern({ labels: {}, families: gauges('a') });
  registry.intern({ labels: {}, families: gauges('1a') });
  registry.restore(shape);
  assert.deepEqual(seen, [shape]);
  const restored = new ShapeRegistry((each) => seen.push(each)).restore({
    hash: shape.hash,
    body: shape.body,
  });
  assert.equal(seen[1], restored.shape);
});

test('faults are not remembered', () => {
  const registry = new ShapeRegistry();
  assert.equal(registry.intern({ labels: {}, families: gauges('1a') }).fault?.code, 'INVALID_NAME');
  assert.equal(registry.size, 0);
});

test('a shape that nobody uses any more goes by itself, one in use stays', async () => {
  const registry = new ShapeRegistry();
  const kept = registry.intern({ labels: {}, families: gauges('kept') });
  for (let i = 0; i < 100; i++) registry.intern({ labels: {}, families: gauges(`gone_${i}`) });
  assert.equal(registry.size, 101);
  for (let i = 0; i < 50 && registry.size > 1; i++) {
    // Weak references live to the end of the turn, and finalizers run in one of their own.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(registry.size, 1);
  assert.equal(registry.intern({ labels: {}, families: gauges('kept') }).shape, kept.shape);
});
