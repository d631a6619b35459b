import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReporterBytes } from '@tributary/shared/decode';
import { encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import type { Shape } from '@tributary/shared/shape';
import { knownShapeOf } from './known-shape.ts';
import { Bench } from './session-test-support.ts';
import { ShapeRegistry } from './shape-registry.ts';
import { familyOf, gauges } from './test-support.ts';

const SERIES_MAX = 100;
const shape: Shape = {
  labels: { env: 'ä', job: 'node' },
  families: [...gauges('a', 'b'), familyOf('h', 'histogram', ['_bucket', { le: '+Inf' }])],
};

function admitted(registry: ShapeRegistry, content: Shape) {
  const { shape: known } = registry.intern(content);
  assert.ok(known);
  return known;
}

/** @param id also what is no number, which the encoder never has to write */
function frameOf(id: number | string, content: Shape): Buffer {
  return Buffer.from(encodeShapeFrame(id as number, encodeShapeBody(content)));
}

test('a declaration of what is held is known by its bytes, and means what decoding it would mean', () => {
  const registry = new ShapeRegistry();
  const known = admitted(registry, shape);
  for (const id of [1, 7, 10, 123_456_789]) {
    const frame = frameOf(id, shape);
    const before = Buffer.from(frame);
    assert.deepEqual(knownShapeOf(frame, registry, SERIES_MAX), { kind: 'shape', id, known });
    assert.deepEqual(frame, before);
    const decoded = decodeReporterBytes(frame, SERIES_MAX);
    assert.ok(decoded.kind === 'shape' && decoded.shape !== null);
    assert.equal(decoded.id, id);
    assert.equal(registry.intern(decoded.shape).shape, known);
  }
});

test('whatever else a frame is has to be decoded', () => {
  const registry = new ShapeRegistry();
  admitted(registry, shape);
  const { instance, ...alike } = { ...shape.labels, instance: 'x' };
  assert.equal(instance, 'x');
  const named = { ...shape, labels: { ...alike, instance: 'x' } };
  const empty = { ...shape, labels: { ...alike, job: 'batch', instance: '' } };
  for (const one of [empty, named]) admitted(registry, one);
  const text = frameOf(1, shape).toString();
  const others = [
    ...['0', '01', '-1', '1.0', '1e0', '', ' 1', '1234567890', '"1"'].map((id) => frameOf(id, shape)),
    frameOf(1, { ...shape, families: gauges('b', 'a') }),
    frameOf(1, named),
    frameOf(1, empty),
    ...[text.slice(0, -1), `${text} `, text.replace('"id"', ' "id"'), text.replace('ä', '\\u00e4')].map(
      (other) => Buffer.from(other),
    ),
    Buffer.from('{"kind":"shape","id":'),
    Buffer.from('{"kind":"shape","id":1'),
    Buffer.from('{"kind":"shape","id":1,'),
    Buffer.from('{"kind":"batch","seq":1,"at":1,"groups":[]}'),
    Buffer.alloc(0),
  ];
  for (const frame of others) assert.equal(knownShapeOf(frame, registry, SERIES_MAX), null, frame.toString());
  assert.equal(knownShapeOf(frameOf(1, shape), registry, 2), null, 'more series than are taken');
  assert.notEqual(knownShapeOf(frameOf(1, shape), registry, 3), null);
  assert.equal(knownShapeOf(frameOf(1, shape), new ShapeRegistry(), SERIES_MAX), null);
});

test('a shape that is declared twice is the same by either way', () => {
  const bench = new Bench().open();
  bench.shape(1, gauges('a'));
  const canonical = encodeShapeFrame(1, encodeShapeBody({ labels: {}, families: gauges('a') }));
  bench.session.receive(Buffer.from(canonical));
  bench.session.receive(Buffer.from(canonical.replace('{"kind"', '{ "kind"')));
  bench.batch(1, 1);
  assert.equal(bench.session.closed, false);
  bench.session.receive(Buffer.from(canonical.replace('"a"', '"b"')));
  assert.equal(bench.refusal(), 'SHAPE_CONFLICT');
});
