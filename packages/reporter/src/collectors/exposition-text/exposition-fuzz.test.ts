/**
 * Whatever a target answers is read or refused, in a time that grows with its length only; and what was read before never
 * changes what is read: a reader that remembers the whole text agrees with one that has seen nothing.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Random, randomOf } from '@tributary/shared/random';
import type { Labels, MetricType } from '@tributary/shared/shape';
import { ExpositionError } from './exposition-error.ts';
import { DEFAULT_READER_OPTIONS, ExpositionReader } from './exposition-reader.ts';
import { formatGoBound, parseGoNumber } from './go-number.ts';
import type { Reading } from './reading.ts';

const TEXT = 'text/plain; version=0.0.4';
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0';

/** Expositions with every kind of family: this host's own, and a gateway's. */
const HOST = readFileSync(new URL('../fixtures/golden.txt', import.meta.url), 'utf8');
const OPEN = `# HELP a Of \\"all\\".
# TYPE a counter
a_total{x="1",y="q\\"} \\\\"} 1 1772000000.125 # {trace_id="x"} 0.5 1772000000
a_created{x="1"} 1.7e9
# TYPE b_seconds histogram
# UNIT b_seconds seconds
b_seconds_bucket{le="0.1"} 1 # {} 0.05
b_seconds_bucket{le="+Inf"} 2
b_seconds_sum 3
b_seconds_count 2
# TYPE c info
c_info{version="1"} 1
# TYPE d stateset
d{d="on"} 1
d{d="off"} 0
# TYPE e gaugehistogram
e_bucket{le="+Inf"} 2
e_gsum 3
e_gcount 2
# TYPE f summary
f{quantile="0.5"} NaN
f_count 0
f{quantile="0.9"} 1 1772000000
f{quantile="0.9"} 1 1772000001
# EOF
`;

const CLASSIC = `# HELP a_total A \\\\ and\\na "line".
# TYPE a_total counter
a_total{x="/{id} 5",y="q\\"}"} 1
a_total{y="b",x="a"} 2 1772000000125
a_total{x="a",y="b"} 3 1772000000126

# TYPE b_seconds histogram
b_seconds_bucket{le="0.1"} 1
b_seconds_bucket{le="1"} 1
b_seconds_bucket{le="+Inf"} 2
b_seconds_sum 3
b_seconds_count 2
# some words
# TYPE b_created gauge
b_created 1.7e9
# TYPE c summary
c{quantile="0.5"} NaN
c{quantile="1"} 1
c_sum 1
c_count 1
c_created 1
d 1
d 2
\te { f = "1" , } 3
# TYPE f untyped
f{f="1"} +Inf
`;

const PIECES = [
  '"',
  '{',
  '}',
  ' ',
  '\n',
  '\\',
  ',',
  '=',
  '#',
  '1',
  '1e9',
  'NaN',
  'a',
  '_total',
  '\0',
  '\t',
  'é',
  '\r',
  '# EOF\n',
  '# TYPE a ',
  'le="1"',
  '__',
  '-',
  '.',
  ' 1772000000',
  ' # {',
];

function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.below(mutated.length + 1);
    const to = Math.min(mutated.length, at + random.below(random.pick([2, 8, 80, 800])));
    const from = random.below(mutated.length);
    const piece = random.pick([
      () => '',
      () => random.pick(PIECES),
      () => random.pick(PIECES) + mutated.slice(at, to),
      () => mutated.slice(from, from + random.below(120)),
    ])();
    mutated = mutated.slice(0, at) + piece + mutated.slice(to);
  }
  return mutated;
}

/** As Prometheus 3 stores them: whether the reader writes bounds so itself depends on what else is on its list. */
function stored(type: MetricType, labels: Labels): Labels {
  const label = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : '';
  const bound = parseGoNumber(labels[label] ?? '');
  return bound === null ? labels : { ...labels, [label]: formatGoBound(bound) };
}

/** The error, or what was read by series, whatever their order. */
function outcome(it: ExpositionReader, body: Uint8Array, contentType: string): unknown {
  let reading: Reading;
  try {
    reading = it.read(body, contentType);
  } catch (error) {
    assert.ok(error instanceof ExpositionError, String(error));
    return error.message;
  }
  const { list, values, timed, scraped, kept, leftOut } = reading;
  assert.equal(values.length, list.length);
  const names: string[] = [];
  for (const { name, type, series } of list.families) {
    for (const [suffix, labels] of series)
      names.push(`${type} ${name}${suffix}${JSON.stringify(stored(type, labels))}`);
  }
  assert.equal(new Set(names).size, list.length, 'no series stands twice');
  const untimed = names.flatMap((name, i) => (values[i] === null ? [] : [`${name} ${values[i]}`]));
  const times = timed?.series.map((place, i) => `${names[place]} ${timed.values[i]} ${timed.atMs[i]}`) ?? [];
  return { scraped, kept, leftOut, untimed: untimed.sort(), times };
}

for (const [format, original] of [
  [TEXT, HOST],
  [TEXT, HOST.slice(0, 3000)],
  [OPENMETRICS, OPEN],
  [TEXT, CLASSIC],
] as const) {
  test(`a ${original.length} characters long ${format}, changed at random`, () => {
    const random = randomOf(original.length);
    const lasting = new ExpositionReader();
    let taken = 0;
    for (let i = 0; i < (original.length > 10_000 ? 20 : 1000); i++) {
      const body = Buffer.from(mutate(original, random));
      const remembering = new ExpositionReader();
      outcome(remembering, Buffer.from(original), format);
      const fresh = outcome(new ExpositionReader(), body, format);
      assert.deepEqual(outcome(remembering, body, format), fresh);
      assert.deepEqual(outcome(lasting, body, format), fresh);
      if (typeof fresh === 'object') taken++;
    }
    assert.ok(taken > 0);
  });
}

test('bytes at random', () => {
  const random = randomOf(7);
  for (let i = 0; i < 2000; i++) {
    const bytes = Uint8Array.from({ length: random.below(60) }, () => random.below(random.pick([128, 256])));
    for (const format of [TEXT, OPENMETRICS]) outcome(new ExpositionReader(), bytes, format);
  }
});

/** Each would take very long if any step looked back to the beginning, or ahead to the end, for every line or character. */
test('long texts that are made to be slow are not', { timeout: 60_000 }, () => {
  const n = 100_000;
  const texts = [
    'a'.repeat(4 * n),
    `a{x="${'y'.repeat(4 * n)}"} 1\n`,
    `a{x="${'\\"'.repeat(2 * n)}"} 1\n`,
    `a{x="${'\\'.repeat(4 * n)}`,
    `a{${'x="1",'.repeat(n)}} 1\n`,
    `a{${'"x" '.repeat(n)}`,
    '{'.repeat(4 * n),
    `a ${'1'.repeat(4 * n)}\n`,
    `a ${' '.repeat(4 * n)}`,
    `a 1${' 1'.repeat(2 * n)}\n`,
    'a{x="\n'.repeat(n),
    '\n'.repeat(4 * n),
    '# \n'.repeat(n),
    `# HELP a ${'\\'.repeat(4 * n)}\n`,
    `# TYPE "${'a'.repeat(4 * n)}" gauge\n`,
    `# HELP ${'a'.repeat(4 * n)}\n`,
    'a 1\n'.repeat(n),
    `a 1 # {${'x="1",'.repeat(n)}} 1\n`,
    `a 1${' # {'.repeat(n)}\n`,
    Array.from({ length: 40_000 }, (_, i) => `a${i}{x="1"} 1`).join('\n'),
  ];
  const limits = { ...DEFAULT_READER_OPTIONS.limits, samplesMax: 2 * n };
  for (const text of texts) {
    for (const format of [TEXT, OPENMETRICS]) {
      const it = new ExpositionReader({ limits });
      for (let i = 0; i < 2; i++) {
        try {
          it.read(Buffer.from(text), format);
        } catch (error) {
          assert.ok(error instanceof ExpositionError, `${text.slice(0, 20)}…: ${error}`);
        }
      }
    }
  }
});

test('of endless series no more are read than are taken', () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => `metric_${i % 100}{series="${i}"} ${i}\n`);
  const body = Buffer.from(lines.join(''));
  const limits = { ...DEFAULT_READER_OPTIONS.limits, samplesMax: 1000 };
  const it = new ExpositionReader({ limits });
  for (let i = 0; i < 3; i++) {
    assert.throws(
      () => it.read(body, TEXT),
      (error) => error instanceof ExpositionError && error.reason === 'limit' && error.line === 1001,
    );
  }
  // Not the text that ends badly but one that is fine: nothing of the others was kept.
  assert.equal(it.read(Buffer.from(lines.slice(-1000).join('')), TEXT).added, 1000);
});
