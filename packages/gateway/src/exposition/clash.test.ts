import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdmittedShape } from '../link/admission.ts';
import type { Format } from './format.ts';
import { createLayout } from './layout.ts';
import {
  bodyOf,
  family,
  fleetOf,
  parseStrictly,
  shapeOf,
  typesIn,
  withoutStrictParser,
} from './test-support.ts';

/** The families of a fleet in which each shape has one host. */
function families(format: Format, ...shapes: readonly AdmittedShape[]): string[] {
  return typesIn(bodyOf(format, fleetOf(...shapes)));
}

function demoted(format: Format, ...shapes: readonly AdmittedShape[]): { families: number; series: number } {
  return createLayout(format, new Map(shapes.map((shape) => [shape, 1])), []).demoted;
}

interface Clash {
  readonly name: string;
  readonly shapes: readonly AdmittedShape[];
  readonly openmetrics: readonly string[];
  readonly text: readonly string[];
  /** Series demoted in OpenMetrics. */
  readonly series: number;
}

const CLASHES: readonly Clash[] = [
  {
    name: 'a counter without _total',
    shapes: [shapeOf([family('foo', 'counter')])],
    openmetrics: ['foo unknown'],
    text: ['foo counter'],
    series: 1,
  },
  {
    name: 'a counter called _total',
    shapes: [shapeOf([family('_total', 'counter')])],
    openmetrics: ['_total unknown'],
    text: ['_total counter'],
    series: 1,
  },
  {
    name: 'a gauge beside a counter of its name with _total',
    shapes: [shapeOf([family('foo_total', 'counter'), family('foo', 'gauge')])],
    openmetrics: ['foo gauge', 'foo_total unknown'],
    text: ['foo gauge', 'foo_total counter'],
    series: 1,
  },
  {
    name: 'foo_created beside a counter foo_total of another shape',
    shapes: [shapeOf([family('foo_total', 'counter')]), shapeOf([family('foo_created', 'gauge')])],
    openmetrics: ['foo_created gauge', 'foo_total unknown'],
    text: ['foo_created gauge', 'foo_total counter'],
    series: 1,
  },
  {
    name: 'a counter gives way to a histogram',
    shapes: [shapeOf([family('foo_total', 'counter'), family('foo', 'histogram')])],
    openmetrics: ['foo histogram', 'foo_total unknown'],
    text: ['foo histogram', 'foo_total counter'],
    series: 1,
  },
  {
    name: 'a histogram without +Inf',
    shapes: [
      shapeOf([
        {
          name: 'foo',
          type: 'histogram',
          help: '',
          series: [
            ['_bucket', { le: '1.0' }],
            ['_count', {}],
            ['_sum', {}],
          ],
        },
      ]),
    ],
    openmetrics: ['foo_bucket unknown', 'foo_count unknown', 'foo_sum unknown'],
    text: ['foo histogram'],
    series: 3,
  },
  {
    name: 'a histogram with a count but no sum',
    shapes: [
      shapeOf([
        {
          name: 'foo',
          type: 'histogram',
          help: '',
          series: [
            ['_bucket', { le: '+Inf' }],
            ['_count', {}],
          ],
        },
      ]),
    ],
    openmetrics: ['foo_bucket unknown', 'foo_count unknown'],
    text: ['foo histogram'],
    series: 2,
  },
  {
    name: 'a histogram with a sum and a negative bound',
    shapes: [
      shapeOf([
        {
          name: 'foo',
          type: 'histogram',
          help: '',
          series: [
            ['_bucket', { le: '-1.0' }],
            ['_bucket', { le: '+Inf' }],
            ['_sum', {}],
            ['_count', {}],
          ],
        },
      ]),
    ],
    openmetrics: ['foo_bucket unknown', 'foo_count unknown', 'foo_sum unknown'],
    text: ['foo histogram'],
    series: 4,
  },
  {
    name: 'a gauge foo_sum beside a summary foo',
    shapes: [shapeOf([family('foo', 'summary')]), shapeOf([family('foo_sum', 'gauge')])],
    openmetrics: ['foo unknown', 'foo_count unknown', 'foo_sum gauge'],
    text: ['foo untyped', 'foo_count untyped', 'foo_sum gauge'],
    series: 3,
  },
  {
    name: 'a gauge foo_bucket beside a histogram foo takes its lines in',
    shapes: [shapeOf([family('foo', 'histogram')]), shapeOf([family('foo_bucket', 'gauge')])],
    openmetrics: ['foo_bucket gauge', 'foo_count unknown', 'foo_sum unknown'],
    text: ['foo_bucket gauge', 'foo_count untyped', 'foo_sum untyped'],
    series: 4,
  },
  {
    name: 'foo_created beside a summary foo of another shape',
    shapes: [shapeOf([family('foo', 'summary')]), shapeOf([family('foo_created', 'gauge')])],
    openmetrics: ['foo unknown', 'foo_count unknown', 'foo_created gauge', 'foo_sum unknown'],
    text: ['foo summary', 'foo_created gauge'],
    series: 3,
  },
  {
    name: 'info without _info',
    shapes: [shapeOf([family('foo', 'info')])],
    openmetrics: ['foo unknown'],
    text: ['foo gauge'],
    series: 1,
  },
  {
    name: 'a gauge beside an info of its name with _info',
    shapes: [shapeOf([family('foo_info', 'info'), family('foo', 'gauge')])],
    openmetrics: ['foo gauge', 'foo_info unknown'],
    text: ['foo gauge', 'foo_info gauge'],
    series: 1,
  },
  {
    name: 'a gauge line under a majority of info, which promises the value 1',
    shapes: [
      shapeOf([family('foo_info', 'info')], { job: 'a' }),
      shapeOf([family('foo_info', 'info')], { job: 'b' }),
      shapeOf([family('foo_info', 'gauge')]),
    ],
    openmetrics: ['foo_info unknown'],
    text: ['foo_info gauge'],
    series: 3,
  },
  {
    name: 'a plain line under a majority of statesets',
    shapes: [
      shapeOf([family('foo', 'stateset')], { job: 'a' }),
      shapeOf([family('foo', 'stateset')], { job: 'b' }),
      shapeOf([family('foo', 'untyped')]),
    ],
    openmetrics: ['foo unknown'],
    text: ['foo gauge'],
    series: 5,
  },
  {
    name: 'a stateset whose label the target has taken',
    shapes: [shapeOf([family('env', 'stateset')], { env: 'prod' })],
    openmetrics: ['env unknown'],
    text: ['env gauge'],
    series: 2,
  },
  {
    name: 'a plain line under a majority of histograms',
    shapes: [
      shapeOf([family('foo', 'histogram')], { job: 'a' }),
      shapeOf([family('foo', 'histogram')], { job: 'b' }),
      shapeOf([family('foo', 'gauge')]),
    ],
    openmetrics: ['foo unknown', 'foo_bucket unknown', 'foo_count unknown', 'foo_sum unknown'],
    text: ['foo untyped', 'foo_bucket untyped', 'foo_count untyped', 'foo_sum untyped'],
    series: 9,
  },
  {
    name: 'a histogram under a majority of gauges',
    shapes: [
      shapeOf([family('foo', 'gauge')], { job: 'a' }),
      shapeOf([family('foo', 'gauge')], { job: 'b' }),
      shapeOf([family('foo', 'histogram')]),
    ],
    openmetrics: ['foo gauge', 'foo_bucket unknown', 'foo_count unknown', 'foo_sum unknown'],
    text: ['foo gauge', 'foo_bucket untyped', 'foo_count untyped', 'foo_sum untyped'],
    series: 4,
  },
  {
    name: 'a summary under a majority of gauges',
    shapes: [
      shapeOf([family('foo', 'gauge')], { job: 'a' }),
      shapeOf([family('foo', 'gauge')], { job: 'b' }),
      shapeOf([family('foo', 'summary')]),
    ],
    openmetrics: ['foo gauge', 'foo_count unknown', 'foo_sum unknown'],
    text: ['foo gauge', 'foo_count untyped', 'foo_sum untyped'],
    series: 3,
  },
  {
    name: 'a summary against a histogram',
    shapes: [shapeOf([family('foo', 'summary')]), shapeOf([family('foo', 'histogram')])],
    openmetrics: ['foo unknown', 'foo_bucket unknown', 'foo_count unknown', 'foo_sum unknown'],
    text: ['foo untyped', 'foo_bucket untyped', 'foo_count untyped', 'foo_sum untyped'],
    series: 7,
  },
  {
    name: 'a demotion that brings the next: foo_sum of a summary foo is a summary itself',
    shapes: [shapeOf([family('foo', 'summary')]), shapeOf([family('foo_sum', 'summary')])],
    openmetrics: [
      'foo unknown',
      'foo_count unknown',
      'foo_sum unknown',
      'foo_sum_count unknown',
      'foo_sum_sum unknown',
    ],
    text: [
      'foo untyped',
      'foo_count untyped',
      'foo_sum untyped',
      'foo_sum_count untyped',
      'foo_sum_sum untyped',
    ],
    series: 6,
  },
  {
    name: 'gauge and counter lines of one name share a family, whoever is in the majority',
    shapes: [
      shapeOf([family('foo_total', 'gauge')]),
      shapeOf([family('foo_total', 'counter')], { job: 'a' }),
      shapeOf([family('foo_total', 'counter')], { job: 'b' }),
    ],
    openmetrics: ['foo counter'],
    text: ['foo_total counter'],
    series: 0,
  },
];

for (const { name, shapes, openmetrics, text, series } of CLASHES) {
  test(`clash: ${name}`, () => {
    assert.deepEqual(families('openmetrics', ...shapes), openmetrics);
    assert.deepEqual(families('text', ...shapes), text);
    assert.equal(demoted('openmetrics', ...shapes).series, series);
    const values = shapes.reduce((sum, { length }) => sum + length, 0);
    for (const format of ['openmetrics', 'text'] as const) {
      assert.equal(bodyOf(format, fleetOf(...shapes)).match(/^[^#].*$/gm)?.length, values);
    }
  });
}

/** Go's `go_memstats_alloc_bytes` and `go_memstats_alloc_bytes_total`. */
test('of a gauge foo and a counter foo_total the counter gives way, since nothing else is OpenMetrics', {
  skip: withoutStrictParser(),
}, () => {
  const counter = '# TYPE foo counter\nfoo_total 1\n';
  const gauge = '# TYPE foo gauge\nfoo 2\n';
  const other = '# TYPE other gauge\nother 3\n';
  const ways = [
    `${gauge}# TYPE foo_total unknown\nfoo_total 1\n`,
    `${counter}${other}${gauge}`,
    `${gauge}${other}${counter}`,
    `${counter}${other}# TYPE foo unknown\nfoo 2\n`,
    `${counter}foo 2\n`,
  ];
  const clash = 'ValueError: Clashing name: foo';
  const verdicts = parseStrictly(ways.map((way) => `${way}# EOF\n`));
  assert.deepEqual(verdicts, [2, clash, clash, clash, clash]);
  const shape = shapeOf([family('foo', 'gauge'), family('foo_total', 'counter')]);
  assert.deepEqual(families('openmetrics', shape), ['foo gauge', 'foo_total unknown']);
});
