import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeShapeBody } from '@tributary/shared/encode';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { type Family, type Shape, seriesCount } from '@tributary/shared/shape';
import { splitColumn } from './split.ts';

const family = (name: string, devices: number, label = 'eth'): Family => ({
  name,
  type: 'gauge',
  help: `Help of ${name}.`,
  series: Array.from({ length: devices }, (_, i) => ['', { device: `${label}${i}` }] as const),
});

const columnOf = (...families: readonly Family[]) => {
  const shape: Shape = { labels: { job: 'node' }, families };
  return { shape, values: Array.from({ length: seriesCount(shape) }, (_, i) => i) };
};

/** Every series with its value, in order: what a split must not change. */
const pairs = (columns: readonly { shape: Shape; values: readonly (number | null)[] }[]) =>
  columns.flatMap(({ shape, values }) => {
    const names = shape.families.flatMap(({ name, series }) => series.map(([, labels]) => [name, labels]));
    assert.equal(names.length, values.length);
    return names.map((series, i) => [series, values[i]]);
  });

const bytesOf = (shape: Shape) => Buffer.byteLength(encodeShapeBody(shape));

test('a column that fits is handed through as it is', () => {
  const column = columnOf(family('a', 3), family('b', 3));
  assert.deepEqual(splitColumn(column), [column]);
  assert.equal(splitColumn(column)[0], column);
});

test('families stay whole, and every value keeps its series', () => {
  const column = columnOf(...Array.from({ length: 20 }, (_, i) => family(`node_f${i}`, 10)));
  const parts = splitColumn(column, 2000);
  assert.ok(parts.length > 3);
  for (const { shape } of parts) {
    assert.ok(bytesOf(shape) <= 2000, `${bytesOf(shape)} bytes`);
    assert.deepEqual(shape.labels, { job: 'node' });
    for (const { series } of shape.families) assert.equal(series.length, 10);
  }
  assert.deepEqual(pairs(parts), pairs([column]));
});

test('a family that is too large by itself is split between its series', () => {
  const column = columnOf(family('small', 2), family('large', 200), family('other', 2));
  const parts = splitColumn(column, 2000);
  for (const { shape } of parts) {
    assert.ok(bytesOf(shape) <= 2000, `${bytesOf(shape)} bytes`);
    const names = shape.families.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, 'a shape names a family once');
  }
  assert.deepEqual(pairs(parts), pairs([column]));
});

test('the same shape is split into the same parts, which are told apart by identity', () => {
  const column = columnOf(family('large', 200));
  const first = splitColumn(column, 2000).map(({ shape }) => shape);
  const second = splitColumn({ ...column, values: column.values.map(() => null) }, 2000);
  assert.deepEqual(
    second.map(({ shape }, i) => shape === first[i]),
    first.map(() => true),
  );
  assert.equal(second[0]?.values[0], null);
});

test('what counts is bytes, not characters', () => {
  const column = columnOf(family('mounts', 20_000, '装置'.repeat(5)));
  const parts = splitColumn(column);
  for (const { shape } of parts) assert.ok(bytesOf(shape) <= DEFAULT_LIMITS.frameBytesMax / 2);
  assert.deepEqual(pairs(parts), pairs([column]));
});
