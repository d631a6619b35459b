/** Times of beginnings as Python's client tells them in text 0.0.4. What the strict parser takes is held to be OpenMetrics. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family, Labels } from '@tributary/shared/shape';
import type { AdmittedShape } from '../link/admission.ts';
import type { HostInput } from './input.ts';
import { createLayout } from './layout.ts';
import {
  bodyOf,
  family,
  fleetOf,
  hostPoints,
  parseStrictly,
  point,
  shapeOf,
  typesIn,
  withoutStrictParser,
} from './test-support.ts';

const TARGET = 'instance="a",job="app",host="a"';
const APP = { job: 'app' };
const SKIP = { skip: withoutStrictParser() };

/** A family, and the one that tells when its metrics began. */
function begun(
  name: string,
  type: 'counter' | 'histogram' | 'summary',
  ...labels: readonly Labels[]
): Family[] {
  const series = labels.flatMap((each) => family(name, type, '', each).series);
  const created = `${name.replace(/_total$/, '')}_created`;
  return [
    { name, type, help: 'What it is.', series },
    { name: created, type: 'gauge', help: 'When.', series: labels.map((each) => ['', each]) },
  ];
}

function appOf(...families: readonly (readonly Family[])[]): AdmittedShape {
  return shapeOf(families.flat(), APP);
}

function oneHost(shape: AdmittedShape, ...points: Parameters<typeof point>[]): HostInput {
  return new Map([
    [
      shape,
      [
        hostPoints(
          'a',
          shape,
          points.map((each) => point(...each)),
        ),
      ],
    ],
  ]);
}

/** Series and value of each line, without what the target adds. */
function linesOf(body: string): string[] {
  return (body.match(/^[^#].*$/gm) ?? []).map((line) => line.replace(TARGET, ''));
}

function judged(body: string): number | string | undefined {
  return parseStrictly([body])[0];
}

test('each metric of a counter, a histogram or a summary has the time of its beginning with it', SKIP, () => {
  const shape = appOf(
    begun('hits_total', 'counter', { path: '/' }, { path: ',le="1",\n' }),
    begun('size', 'summary', {}),
    begun('took', 'histogram', { zone: 'x' }, { a: 'y', zone: 'y' }),
  );
  const body = bodyOf(
    'openmetrics',
    oneHost(shape, [1_000, [5, 6, 101, 102, 7, 8, 3, 103, 1, 2, 9, 2, 3, 4, 9, 4, 104, 105]]),
  );
  assert.equal(
    body.replaceAll(TARGET, '').replaceAll(' 1.000\n', '\n'),
    `# HELP hits What it is.
# TYPE hits counter
hits_total{path="/",} 5
hits_created{path="/",} 101
hits_total{path=",le=\\"1\\",\\n",} 6
hits_created{path=",le=\\"1\\",\\n",} 102
# HELP size What it is.
# TYPE size summary
size{quantile="0.5",} 7
size_sum{} 8
size_count{} 3
size_created{} 103
# HELP took What it is.
# TYPE took histogram
took_bucket{le="0.5",zone="x",} 1
took_bucket{le="+Inf",zone="x",} 2
took_sum{zone="x",} 9
took_count{zone="x",} 2
took_created{zone="x",} 104
took_bucket{a="y",le="0.5",zone="y",} 3
took_bucket{a="y",le="+Inf",zone="y",} 4
took_sum{a="y",zone="y",} 9
took_count{a="y",zone="y",} 4
took_created{a="y",zone="y",} 105
# EOF
`,
  );
  assert.equal(judged(body), shape.length);
  assert.deepEqual(typesIn(bodyOf('text', oneHost(shape, [1, new Array(shape.length).fill(1)]))), [
    'hits_created gauge',
    'hits_total counter',
    'size summary',
    'size_created gauge',
    'took histogram',
    'took_created gauge',
  ]);
  assert.deepEqual(createLayout('openmetrics', new Map([[shape, 1]]), []).demoted, {
    families: 0,
    series: 0,
  });
});

test('of several points each one is whole, also where there are too many for a piece', () => {
  const shape = appOf(begun('hits_total', 'counter', { a: '1' }, { a: '2' }));
  const points = Array.from({ length: 400 }, (_, i): [at: number, values: readonly number[]] => [
    1_000 * (i + 1),
    [i, i, 7, 8],
  ]);
  const expected = [1, 2].flatMap((a) =>
    points.flatMap(([at, [value]]) => [
      `hits_total{a="${a}",} ${value} ${at / 1000}.000`,
      `hits_created{a="${a}",} ${a + 6} ${at / 1000}.000`,
    ]),
  );
  assert.deepEqual(linesOf(bodyOf('openmetrics', oneHost(shape, ...points))), expected);
});

test('a metric that a host restates stays in one piece, and so do its points', () => {
  const [older, newer] = [
    appOf(begun('took', 'histogram', { a: '1' }, { a: '2' })),
    appOf(begun('took', 'histogram', { a: '2' })),
  ];
  const values = (shape: AdmittedShape, value: number): number[] => new Array(shape.length).fill(value);
  const input: HostInput = new Map([
    ...oneHost(newer, [3_000, values(newer, 3)]),
    ...oneHost(older, [1_000, values(older, 1)], [2_000, values(older, 2)]),
  ]);
  const told = linesOf(bodyOf('openmetrics', input)).map((line) => line.replace(/\{.*a="(.)".*\}/, '$1'));
  const [buckets, created] = [['_bucket', '_bucket', '_sum', '_count'], '_created'];
  const of = (a: string, ...points: readonly number[]): string[] =>
    points.flatMap((p) => [...buckets, created].map((suffix) => `took${suffix}${a} ${p} ${p}.000`));
  assert.deepEqual(told, [...of('1', 1, 2), ...of('2', 1, 2, 3)]);
});

test('where a metric has nothing to show, the time of its beginning stands there alone', SKIP, () => {
  const shape = appOf(begun('hits_total', 'counter', {}), begun('size', 'summary', {}));
  const absent = bodyOf('openmetrics', oneHost(shape, [1_000, [null, 101, null, null, null, 103]]));
  const hidden = bodyOf('openmetrics', oneHost(shape, [1_000, [5, 101, 7, 8, 3, 103], [0, 2, 3, 4]]));
  assert.deepEqual(linesOf(absent), ['hits_created{} 101 1.000', 'size_created{} 103 1.000']);
  assert.equal(hidden, absent);
  assert.equal(judged(absent), 2);
  const unshown = bodyOf('openmetrics', oneHost(shape, [1_000, [5, null, 7, 8, 3, 103], [5]]));
  assert.deepEqual(typesIn(unshown), ['hits counter', 'size summary']);
  assert.equal(judged(unshown), 4);
  // The same as with any other part of a histogram.
  const histogram = appOf(begun('took', 'histogram', {}));
  const alone = bodyOf('openmetrics', oneHost(histogram, [1_000, [null, null, null, null, 104]]));
  assert.deepEqual(linesOf(alone), ['took_created{} 104 1.000']);
  assert.equal(judged(alone), 'ValueError: +Inf bucket missing: took');
});

test('hosts that do not tell when a metric began keep its type with those that do', SKIP, () => {
  const shapes = [
    appOf(begun('took', 'histogram', {})),
    shapeOf([family('took', 'histogram')], APP),
    shapeOf([family('took', 'histogram')]),
  ];
  const body = bodyOf('openmetrics', fleetOf(...shapes));
  assert.deepEqual(typesIn(body), ['took histogram']);
  assert.equal(judged(body.replace(/ \d+ /g, ' 1 ')), 13);
});

/** Families of one shape that look like it, and are not. */
const APART: Readonly<Record<string, readonly [families: readonly Family[], types: readonly string[]]>> = {
  'a time of a metric that is not there': [
    [family('foo_total', 'counter', '', { a: '1' }), family('foo_created', 'gauge', '', { a: '2' })],
    ['foo_created gauge', 'foo_total unknown'],
  ],
  'more times than metrics': [
    [
      family('foo', 'summary', '', { a: '1' }),
      {
        name: 'foo_created',
        type: 'gauge',
        help: '',
        series: [
          ['', { a: '1' }],
          ['', { a: '2' }],
        ],
      },
    ],
    ['foo unknown', 'foo_count unknown', 'foo_created gauge', 'foo_sum unknown'],
  ],
  'a time of a bucket': [
    [family('foo', 'histogram'), family('foo_created', 'gauge', '', { le: '0.5' })],
    ['foo_bucket unknown', 'foo_count unknown', 'foo_created gauge', 'foo_sum unknown'],
  ],
  'a state': [
    [family('foo_total', 'counter', '', { foo_created: 'on' }), family('foo_created', 'stateset')],
    ['foo_created unknown', 'foo_total unknown'],
  ],
  'a gauge, which has no beginning': [
    [family('foo', 'gauge'), family('foo_created', 'gauge')],
    ['foo gauge', 'foo_created gauge'],
  ],
  'a histogram that cannot be one': [
    [{ ...family('foo', 'histogram'), series: [['_bucket', { le: '1.0' }]] }, family('foo_created', 'gauge')],
    ['foo_bucket unknown', 'foo_created gauge'],
  ],
  'a gauge of the name of a counter, which gives way with what it had taken in': [
    [family('foo', 'gauge'), family('foo_total', 'counter'), family('foo_created', 'gauge')],
    ['foo gauge', 'foo_created gauge', 'foo_total unknown'],
  ],
  'a histogram and a counter of one name: the histogram has it': [
    [family('foo', 'histogram'), family('foo_total', 'counter'), family('foo_created', 'gauge')],
    ['foo histogram', 'foo_total unknown'],
  ],
};

test('what only looks like the time of a beginning', SKIP, () => {
  const bodies = Object.entries(APART).map(([name, [families, types]]) => {
    const shape = shapeOf(families);
    const body = bodyOf('openmetrics', oneHost(shape, [1_000, new Array(shape.length).fill(1)]));
    assert.deepEqual(typesIn(body), types, name);
    return { body, lines: shape.length };
  });
  assert.deepEqual(
    parseStrictly(bodies.map(({ body }) => body)),
    bodies.map(({ lines }) => lines),
  );
});

test('one host with a time that fits nothing, or a family of the gateway itself, is enough for a clash', () => {
  const good = appOf(begun('foo_total', 'counter', {}));
  const bad = shapeOf([family('foo_created', 'gauge')], { job: 'odd' });
  const apart = ['foo_created gauge', 'foo_total unknown'];
  assert.deepEqual(typesIn(bodyOf('openmetrics', fleetOf(good))), ['foo counter']);
  assert.deepEqual(typesIn(bodyOf('openmetrics', fleetOf(good, bad))), apart);
  const own = {
    name: 'foo_created',
    type: 'gauge',
    help: '',
    series: () => [{ suffix: '', labels: {}, value: 1 }],
  } as const;
  assert.deepEqual(typesIn(bodyOf('openmetrics', fleetOf(good), [own])), apart);
});

test('shapes of one class fit all or none', () => {
  const pair = (a: string, b: string) => [
    family('foo_total', 'counter', '', { a }),
    family('foo_created', 'gauge', '', { a: b }),
  ];
  const [first, second, third] = [appOf(pair('1', '1')), appOf(pair('2', '2')), appOf(pair('1', '2'))];
  assert.deepEqual(typesIn(bodyOf('openmetrics', fleetOf(first, second))), ['foo counter']);
  assert.deepEqual(typesIn(bodyOf('openmetrics', fleetOf(first, second, third))), [
    'foo_created gauge',
    'foo_total unknown',
  ]);
});
