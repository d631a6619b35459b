import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricType } from '@tributary/shared/shape';
import type { Column } from './collectors/columns.ts';
import { renderText } from './text-format.ts';

test('families in order, each once, with their types, help and labels', () => {
  const column: Column = {
    shape: {
      labels: { job: 'node', env: 'prod' },
      families: [
        { name: 'node_load1', type: 'gauge', help: '1m load average.', series: [['', {}]] },
        {
          name: 'node_disk_reads_total',
          type: 'counter',
          help: 'Reads.\nBackslash \\ and "quotes".',
          series: [
            ['', { device: 'sda' }],
            ['', { device: 'a"b\\c\nd', path: '/dev' }],
          ],
        },
        {
          name: 'rpc_seconds',
          type: 'histogram',
          help: '',
          series: [
            ['_bucket', { le: '+Inf' }],
            ['_sum', {}],
          ],
        },
      ],
    },
    values: [0.25, 1e21, 3, 7, -0.5],
  };
  assert.equal(
    renderText([column]),
    `# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.25
# HELP node_disk_reads_total Reads.\\nBackslash \\\\ and "quotes".
# TYPE node_disk_reads_total counter
node_disk_reads_total{device="sda"} 1e+21
node_disk_reads_total{device="a\\"b\\\\c\\nd",path="/dev"} 3
# HELP rpc_seconds 
# TYPE rpc_seconds histogram
rpc_seconds_bucket{le="+Inf"} 7
rpc_seconds_sum -0.5
`,
  );
});

test('absent values are left out, and what is no number has its name', () => {
  const families = ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    type: 'gauge' as const,
    help: 'Help.',
    series: [['', {}] as const],
  }));
  const values = [null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const lines = renderText([{ shape: { labels: {}, families }, values }])
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  assert.deepEqual(lines, ['b NaN', 'c +Inf', 'd -Inf', '']);
});

test('types that the format does not know are gauges', () => {
  const typeOf = (type: MetricType) => {
    const families = [{ name: 'x', type, help: '', series: [] }];
    return /# TYPE x (\w+)/.exec(renderText([{ shape: { labels: {}, families }, values: [] }]))?.[1];
  };
  assert.deepEqual((['info', 'stateset', 'untyped', 'summary'] as const).map(typeOf), [
    'gauge',
    'gauge',
    'untyped',
    'summary',
  ]);
});
