import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from './parse-exposition.ts';

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Of each family, what it is and the full names of its samples. */
function familiesOf(text: string, contentType: string | null = OPENMETRICS): Record<string, string> {
  const { families } = parseExposition(Buffer.from(text), contentType);
  return Object.fromEntries(
    families.map(({ name, type, help, samples }) => [
      name,
      `${type} ${help}: ${samples.map(({ suffix, labels }) => [name + suffix, ...labels].join(' ')).join(', ')}`,
    ]),
  );
}

test('families of OpenMetrics become those of the wire', () => {
  const text = `# HELP a Counts.
# TYPE a counter
# UNIT a_seconds seconds
a_total{x="1"} 1 # {trace_id="t"} 0.5
a_created{x="1"} 1.7e9
# TYPE b histogram
b_bucket{le="+Inf"} 2
b_count 2
b_sum 3
# TYPE c summary
c{quantile="0.5"} 1
c_count 1
c_created 1.7e9
# TYPE d info
d_info{version="1"} 1
# TYPE e stateset
e{e="on"} 1
# HELP f Gauges.
# TYPE f gaugehistogram
f_bucket{le="+Inf"} 2
f_gcount 2
f_gsum 3
# TYPE g unknown
g 1
# TYPE h gauge
h 1
h_total 1
# EOF
`;
  assert.deepEqual(familiesOf(text), {
    a_total: 'counter Counts.: a_total x 1',
    a_created: 'gauge Counts.: a_created x 1',
    b: 'histogram : b_bucket le +Inf, b_count, b_sum',
    c: 'summary : c quantile 0.5, c_count',
    c_created: 'gauge : c_created',
    d_info: 'info : d_info version 1',
    e: 'stateset : e e on',
    f_bucket: 'gauge Gauges.: f_bucket le +Inf',
    f_gcount: 'gauge Gauges.: f_gcount',
    f_gsum: 'gauge Gauges.: f_gsum',
    g: 'untyped : g',
    h: 'gauge : h',
    h_total: 'untyped : h_total',
  });
});

test('a family whose samples do not go with its type falls into untyped ones', () => {
  assert.deepEqual(familiesOf('# HELP s S.\n# TYPE s summary\ns 1\ns{quantile="1"} 2\ns_sum 3\n', null), {
    s: 'untyped S.: s, s quantile 1.0',
    s_sum: 'untyped S.: s_sum',
  });
  assert.deepEqual(familiesOf('# TYPE h histogram\nh_bucket 1\nh_bucket{le="10000000"} 2\nh_sum 3\n', null), {
    h_bucket: 'untyped : h_bucket, h_bucket le 1e+07',
    h_sum: 'untyped : h_sum',
  });
  assert.deepEqual(familiesOf('# TYPE e stateset\ne{x="on"} 1\n# EOF\n'), { e: 'untyped : e x on' });
});

test('bounds are rewritten where the gateway cannot keep the type, as beside a beginning of no metric of the family', () => {
  const metric = (x: string, le: string): string =>
    `h_bucket{x="${x}",le="${le}"} 1\nh_bucket{x="${x}",le="+Inf"} 2\nh_sum{x="${x}"} 3\nh_count{x="${x}"} 2\n`;
  const textOf = (...created: readonly string[]): string =>
    `# TYPE h histogram\n${metric('a', '1')}${metric('b', '10')}# TYPE h_created gauge\n${created.map((x) => `h_created{x="${x}"} 1.7e9\n`).join('')}`;
  const boundsOf = (text: string): string[] => familiesOf(text, null)['h']?.match(/(?<=le )[^, ]+/g) ?? [];
  assert.deepEqual(boundsOf(textOf('a', 'b')), ['1', '+Inf', '10', '+Inf']);
  assert.deepEqual(boundsOf(textOf('b')), ['1', '+Inf', '10', '+Inf']);
  assert.deepEqual(boundsOf(textOf('a', 'c')), ['1.0', '+Inf', '10.0', '+Inf']);
});

test('samples with times stand behind those without', () => {
  const { families, leftOut } = parseExposition(Buffer.from('a 1 5\na 2\na 3 6\na 4\n'), 'text/plain');
  assert.deepEqual(
    families[0]?.samples.map(({ value, timestampMs }) => [value, timestampMs]),
    [
      [2, null],
      [1, 5],
      [3, 6],
    ],
  );
  assert.deepEqual(leftOut, { duplicate: 1 });
});
