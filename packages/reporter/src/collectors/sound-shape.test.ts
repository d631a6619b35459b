import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Labels, MetricType, Series } from '@tributary/shared/shape';
import { soundShape } from './sound-shape.ts';

const shapeOf = (type: MetricType, ...series: Series[]) => ({
  labels: { job: 'node' },
  families: [{ name: 'a', type, help: 'A.', series }],
});

test('a sound shape comes back as it is', () => {
  const shape = shapeOf('histogram', ['_bucket', { le: '+Inf' }], ['_sum', {}], ['_count', {}]);
  assert.deepEqual(soundShape(shape), { shape, leftOut: [], reason: null });
  assert.equal(soundShape(shape).shape, shape);
});

const faults: readonly [string, MetricType, Series, RegExp][] = [
  ['a value that is too long', 'gauge', ['', { x: 'y'.repeat(2049) }], /the label x is longer than 2048/],
  ['a NUL', 'gauge', ['', { x: 'y\0' }], /no well-formed text/],
  ['half a character', 'gauge', ['', { x: '\ud800' }], /no well-formed text/],
  ['a name that is none', 'gauge', ['', { '1x': 'y' }], /"1x" is no label name/],
  ['too many labels', 'gauge', ['', manyLabels(61)], /more than 64 labels/],
  ['a repeat', 'gauge', ['', { fine: '1' }], /stands there twice/],
  ['a bucket without its bound', 'histogram', ['_bucket', {}], /without a number in le/],
  ['a bound that is no number', 'histogram', ['_bucket', { le: '0x1' }], /without a number in le/],
  ['a quantile above 1', 'summary', ['', { quantile: '1.5' }], /without a number in quantile/],
  ['a suffix of another type', 'gauge', ['_sum', {}], /a gauge has no series "_sum"/],
];

function manyLabels(count: number): Labels {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']));
}

for (const [what, type, series, reason] of faults) {
  test(`${what} costs that series only`, () => {
    const before: Series = type === 'gauge' ? ['', { fine: '1' }] : ['_sum', { fine: '1' }];
    const after: Series = type === 'gauge' ? ['', { fine: '2' }] : ['_count', { fine: '2' }];
    const sound = soundShape(shapeOf(type, before, series, after));
    assert.deepEqual(sound.shape.families[0]?.series, [before, after]);
    assert.deepEqual(sound.leftOut, [1]);
    assert.match(sound.reason ?? '', reason);
  });
}

test('a bound that is another text of the same number is a repeat', () => {
  const shape = shapeOf(
    'histogram',
    ['_bucket', { le: '1' }],
    ['_bucket', { le: '1.0' }],
    ['_bucket', { le: '+Inf' }],
  );
  assert.deepEqual(soundShape(shape).leftOut, [1]);
});

test('a family that cannot be told costs all its series, and only its own', () => {
  const good = { name: 'good', type: 'gauge', help: '', series: [['', {}]] } as const;
  const bad = {
    ...good,
    name: 'tributary_x',
    series: [
      ['', {}],
      ['', { x: '1' }],
    ],
  } as const;
  const help = { ...good, name: 'b', help: 'x'.repeat(4097) };
  const sound = soundShape({ labels: {}, families: [bad, good, help] });
  assert.deepEqual(sound.shape.families, [good]);
  assert.deepEqual(sound.leftOut, [0, 1, 3]);
});
