import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Labels, Shape } from '@tributary/shared/shape';
import { createLabelWatch } from './label-watch.ts';

const shapeOf = (labels: Labels, own: Labels): Shape => ({
  labels,
  families: [
    {
      name: 'node_x',
      type: 'gauge',
      help: '',
      series: [
        ['', {}],
        ['', own],
      ],
    },
  ],
});

test('warns once of each label that a series has too, when the first such shape is told', () => {
  const told: object[] = [];
  const labels = { job: 'node', mode: 'x', env: 'prod' };
  const watch = createLabelWatch(
    new Map([
      ['mode', 'x'],
      ['env', 'prod'],
    ]),
    {
      warn: (fields) => told.push(fields),
    },
  );
  const column = (shape: Shape) => [[{ shape, values: [1, 2] }]];
  watch(column(shapeOf(labels, { device: 'a' })));
  assert.deepEqual(told, []);
  watch(column(shapeOf(labels, { mode: 'idle' })));
  watch(column(shapeOf(labels, { mode: 'user', env: 'test' })));
  assert.deepEqual(told, [
    { label: 'mode', renamed: 'exported_mode', metric: 'node_x' },
    { label: 'env', renamed: 'exported_env', metric: 'node_x' },
  ]);
});

test('a target that is not given the label keeps its own', () => {
  const told: object[] = [];
  const watch = createLabelWatch(new Map([['mode', 'x']]), { warn: (fields) => told.push(fields) });
  watch([[{ shape: shapeOf({ job: 'other' }, { mode: 'idle' }), values: [1, 2] }]]);
  assert.deepEqual(told, []);
});
