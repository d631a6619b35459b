import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from './columns.ts';
import { joinLayers } from './feed.ts';

function column(name: string): Column {
  return {
    shape: { labels: {}, families: [{ name, type: 'gauge', help: '', series: [['', {}]] }] },
    values: [1],
  };
}

const [A, B, C, D] = [column('a'), column('b'), column('c'), column('d')];

test('without feeds there is the collectors’ layer', () => {
  assert.deepEqual(joinLayers([A, B], []), [[A, B]]);
  assert.deepEqual(joinLayers([], [[], []]), [[]]);
});

test('the newest of each feed goes with the collectors, older ones before', () => {
  assert.deepEqual(joinLayers([A], [[[B], [B]], [[C]], [[D], [D], [D, C]]]), [[D], [B, D], [A, B, C, D, C]]);
});
