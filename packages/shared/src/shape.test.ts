import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRIC_TYPES, type Series, seriesCount, suffixesOf } from './shape.ts';

test('the suffixes of each type', () => {
  const suffixes = METRIC_TYPES.map((type) => [type, suffixesOf(type)]);
  assert.deepEqual(Object.fromEntries(suffixes), {
    counter: [''],
    gauge: [''],
    histogram: ['_bucket', '_sum', '_count'],
    summary: ['', '_sum', '_count'],
    untyped: [''],
    info: [''],
    stateset: [''],
  });
});

test('a column is as long as all series of all families', () => {
  const family = (name: string, series: Series[]) => ({ name, type: 'gauge', help: '', series }) as const;
  assert.equal(seriesCount({ labels: {}, families: [] }), 0);
  const families = [
    family('a', [['', {}]]),
    family('b', []),
    family('c', [
      ['', { x: '1' }],
      ['', { x: '2' }],
    ]),
  ];
  assert.equal(seriesCount({ labels: { job: 'node' }, families }), 3);
});
