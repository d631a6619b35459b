import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReporterFrame } from './decode.ts';
import { decodeGatewayFrame } from './decode-gateway.ts';
import {
  encodeBatchFrame,
  encodeFrame,
  encodeGroup,
  encodeShapeBody,
  encodeShapeFrame,
  encodeValues,
} from './encode.ts';
import type { Batch, GatewayFrame, Hello, ShapeFrame } from './frames.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Shape } from './shape.ts';
import { encodeGatewayFrame, encodeReporterFrame, readFixtures, wireValues } from './test-support.ts';

const decode = (text: string) => decodeReporterFrame(text, DEFAULT_LIMITS.seriesMax);

/** A number or null of each value of a fixture. */
function plain(values: readonly (number | string | null)[]): (number | null)[] {
  const numbers: Record<string, number> = { NaN: Number.NaN, '+Inf': Infinity, '-Inf': -Infinity };
  return values.map((value) => (typeof value === 'string' ? (numbers[value] as number) : value));
}

/** Encodes what stands in a fixture. */
function encodeFixture(frame: object): string {
  const { kind } = frame as { kind: string };
  if (kind === 'shape') {
    const { id, shape } = frame as { id: number; shape: Shape };
    return encodeShapeFrame(id, encodeShapeBody(shape));
  }
  if (kind !== 'batch') return encodeFrame(frame as Hello);
  const { seq, at, groups } = frame as {
    seq: number;
    at: number;
    groups: { shape: number; at: number; values: (number | string | null)[] }[];
  };
  const texts = groups.map((group) =>
    encodeGroup(group.shape, plain(group.values), group.at === at ? undefined : group.at),
  );
  return encodeBatchFrame(seq, at, `[${texts.join(',')}]`);
}

test('what the fixtures hold to be exact is encoded to the byte', () => {
  for (const end of ['reporter', 'gateway'] as const) {
    const exact = readFixtures(end).filter((fixture) => fixture.exact);
    assert.ok(exact.length >= 8);
    for (const { name, text, frame } of exact) assert.equal(encodeFixture(frame ?? {}), text, name);
  }
});

test('what was decoded is encoded to the same bytes where these are exact', () => {
  for (const { name, text, exact } of readFixtures('reporter')) {
    if (exact) assert.equal(encodeReporterFrame(decode(text)), text, name);
  }
  for (const { name, text, exact } of readFixtures('gateway')) {
    if (exact) assert.equal(encodeGatewayFrame(decodeGatewayFrame(text) as GatewayFrame), text, name);
  }
});

test('what was encoded decodes to the same frame', () => {
  for (const { name, text, frame } of readFixtures('reporter')) {
    if (frame === undefined) continue;
    const once = decode(text);
    const text2 = encodeReporterFrame(once);
    assert.equal(encodeReporterFrame(decode(text2)), text2, name);
    assert.ok(text2.length > 0 && text2.isWellFormed(), name);
  }
});

test('a shape has one body, whatever the order in which its labels and fields came', () => {
  const body =
    '{"labels":{"a":"1","b":"2"},"families":[{"name":"x","type":"gauge","help":"h","series":[["",{"c":"3","d":"4"}]]}]}';
  const shape = (text: string) => decode(text) as ShapeFrame & { shape: Shape };
  const ordered = shape(`{"kind":"shape","id":1,${body.slice(1)}`);
  const other = shape(
    '{"families":[{"series":[["",{"d":"4","c":"3"}]],"help":"h","type":"gauge","name":"x"}],"labels":{"b":"2","a":"1"},"id":1,"kind":"shape"}',
  );
  assert.equal(encodeShapeBody(ordered.shape), body);
  assert.equal(encodeShapeBody(other.shape), body);
});

test('a body holds what belongs to a shape and nothing else', () => {
  const family = { name: 'x', type: 'gauge', help: '', series: [], unit: 'seconds' } as const;
  const shape = { labels: {}, families: [family], id: 7 };
  const body = '{"labels":{},"families":[{"name":"x","type":"gauge","help":"","series":[]}]}';
  assert.equal(encodeShapeBody(shape), body);
});

test('the order of families and of series is content', () => {
  const family = (name: string) => ({ name, type: 'gauge', help: '', series: [] }) as const;
  const shape = (...names: string[]) => ({ labels: {}, families: names.map(family) });
  assert.notEqual(encodeShapeBody(shape('a', 'b')), encodeShapeBody(shape('b', 'a')));
});

test('sorting the labels changes nothing of the shape that was given', () => {
  const labels = Object.freeze({ b: '2', a: '1' });
  encodeShapeBody({ labels, families: [] });
  assert.deepEqual(Object.keys(labels), ['b', 'a']);
});

test('values that JSON cannot write travel as text', () => {
  assert.equal(encodeValues([Number.NaN, Infinity, -Infinity, null, 1]), '["NaN","+Inf","-Inf",null,1]');
  assert.equal(encodeValues([1, 2.5, null]), '[1,2.5,null]');
  assert.equal(encodeValues([]), '[]');
});

test('every double comes back as it was, but for the sign of a zero', () => {
  const bits = new DataView(new ArrayBuffer(8));
  const values = [0, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON, 2 ** 53, 0.1, 1 / 3];
  for (let i = 0; i < 2000; i++) {
    // Weyl sequences in both halves: all exponents, NaNs among them.
    bits.setUint32(0, Math.imul(i, 0x9e3779b9));
    bits.setUint32(4, Math.imul(i, 0x85ebca6b));
    values.push(bits.getFloat64(0) + 0);
  }
  const { groups } = decode(encodeBatchFrame(1, 0, `[${encodeGroup(1, values)}]`)) as Batch;
  const [group] = groups;
  assert.ok(group !== undefined);
  assert.deepEqual(plain(wireValues(group)), values);
  assert.ok(values.some((value) => Number.isNaN(value)));
  assert.equal(encodeValues([-0]), '[0]');
});

test('a group tells its moment only where it has one of its own', () => {
  assert.equal(encodeGroup(7, [1]), '{"shape":7,"values":[1]}');
  assert.equal(encodeGroup(7, [1], 1000), '{"shape":7,"at":1000,"values":[1]}');
});
