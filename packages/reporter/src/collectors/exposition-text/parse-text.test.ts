import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TextFormatError } from './families.ts';
import { DEFAULT_TEXT_LIMITS, parseText } from './parse-text.ts';

/** The samples of a text with one family: suffix, labels and value. */
function samplesOf(text: string): [string, string, number][] {
  const [family] = parseText(text);
  assert.ok(family);
  return family.samples.map(({ suffix, labels, value }) => [suffix, labels.join(), value]);
}

function refused(text: string, line: number, message: RegExp): void {
  assert.throws(
    () => parseText(text),
    (error) => error instanceof TextFormatError && error.line === line && message.test(error.message),
    text,
  );
}

test('a family with its help, its type and its samples', () => {
  const text =
    '# HELP b_gauge A \\\\ and\\na "line"\n# TYPE b_gauge gauge\nb_gauge{y="q\\"uo\\\\te\\n",x="1"} 2.5\n';
  assert.deepEqual(parseText(text), [
    {
      name: 'b_gauge',
      type: 'gauge',
      help: 'A \\ and\na "line"',
      samples: [{ suffix: '', labels: ['x', '1', 'y', 'q"uo\\te\n'], value: 2.5, timestampMs: null }],
    },
  ]);
});

test('comments, empty lines, blanks and a comma behind the last label are let be', () => {
  const text = '\n# a comment\n#\n#HELPLESS x\n  \t\n a { x = "1" , } \t 1 \n';
  assert.deepEqual(samplesOf(text), [['', 'x,1', 1]]);
});

test('a family without HELP and TYPE is untyped; one without samples is not told', () => {
  assert.deepEqual(
    parseText('# HELP none x\n# TYPE none gauge\na_total 1\n').map(({ name, type, help }) => [
      name,
      type,
      help,
    ]),
    [['a_total', 'untyped', null]],
  );
});

test('an empty help is a help, and an empty label value no label', () => {
  const [family] = parseText('# HELP a\n# TYPE a counter\na{x="",y="1"} 1\n');
  assert.equal(family?.help, '');
  assert.deepEqual(family?.samples[0]?.labels, ['y', '1']);
});

test('histograms and summaries keep their suffixes', () => {
  const histogram = '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 3\nh_sum 4\nh_count 3\n';
  assert.deepEqual(samplesOf(histogram), [
    ['_bucket', 'le,1', 1],
    ['_bucket', 'le,+Inf', 3],
    ['_sum', '', 4],
    ['_count', '', 3],
  ]);
  const summary = '# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 4\ns_count 3\n';
  assert.deepEqual(samplesOf(summary), [
    ['', 'quantile,0.5', 1],
    ['_sum', '', 4],
    ['_count', '', 3],
  ]);
});

test('names that only look like a histogram’s are families of their own', () => {
  const text = 'h_sum 1\n# TYPE s summary\ns_bucket 1\ns_sum 2\n# TYPE g gauge\ng_count 1\n';
  assert.deepEqual(
    parseText(text).map(({ name, samples }) => `${name} ${samples[0]?.suffix}`),
    ['h_sum ', 's _sum', 's_bucket ', 'g_count '].sort((a, b) => order(text, a) - order(text, b)),
  );
});

/** Where a family was first named. */
function order(text: string, family: string): number {
  return text.indexOf(family.split(' ')[0] ?? '');
}

test('a family’s samples may be apart', () => {
  const families = parseText('i{a="1"} 1\nj 2\ni{a="2"} 3\n');
  assert.deepEqual(
    families.map(({ name, samples }) => [name, samples.length]),
    [
      ['i', 2],
      ['j', 1],
    ],
  );
});

test('numbers as Go reads them', () => {
  const numbers = ['1', '-2.', '.5', '+1e3', '1E-2', 'NaN', 'nan', '+Inf', '-inf', 'Infinity', '0'];
  const text = numbers.map((number, i) => `n{i="${i}"} ${number}\n`).join('');
  assert.deepEqual(
    samplesOf(text).map(([, , value]) => value),
    [1, -2, 0.5, 1000, 0.01, Number.NaN, Number.NaN, Infinity, -Infinity, Infinity, 0],
  );
  for (const bad of ['0x10', '1_000', '1e999', '+nan', 'one', '1,5', '1\r', '--1', 'e5', '.'])
    refused(`n ${bad}\n`, 1, /the value .* is no number/);
});

test('timestamps are kept', () => {
  const [family] = parseText('a 1 1772000000125\na{b="c"} 1 -5 \n');
  assert.deepEqual(
    family?.samples.map(({ timestampMs }) => timestampMs),
    [1_772_000_000_125, -5],
  );
  refused('a 1 1.5\n', 1, /timestamp "1.5"/);
  refused('a 1 2 3\n', 1, /more follows/);
});

test('mistakes are refused with their line', () => {
  refused('a 1\nbad {\n', 2, /a label name was expected/);
  refused('a 1\n\n1b 1\n', 3, /a metric name was expected, not "1b"/);
  refused('a\n', 1, /there is no value/);
  refused('a 1', 1, /the text ends within the line/);
  refused('# HELP a b', 1, /the text ends within the line/);
  refused('a{x="1} 1\n', 1, /the line ends within a label value/);
  refused('a{x="1', 1, /the text ends within a label value/);
  refused('a{x="\\t"} 1\n', 1, /no escape/);
  refused('# HELP a \\t\na 1\n', 1, /no escape/);
  refused('a{x=1} 1\n', 1, /a quote was expected/);
  refused('a{x} 1\n', 1, /"=" was expected/);
  refused('a{x="1" y="2"} 1\n', 1, /"," or "}" was expected/);
  refused('a{x="1",x="2"} 1\n', 1, /a second label x/);
  refused('a{__name__="x"} 1\n', 1, /reserved/);
  refused('{"my.metric"} 1\n', 1, /a metric name was expected/);
});

test('contradictions are refused', () => {
  refused('a 1\na 2\n', 2, /a second sample of the same series of a/);
  refused('a{x="1",y="2"} 1\na{y="2",x="1"} 2\n', 2, /a second sample/);
  refused('# TYPE a gauge\n# TYPE a gauge\n', 2, /a second TYPE of a/);
  refused('# HELP a x\n# HELP a x\n', 2, /a second HELP of a/);
  refused('a 1\n# TYPE a gauge\n', 2, /TYPE of a behind its samples/);
  refused('# TYPE a info\n', 1, /the type "info" is none of/);
  refused('# TYPE a gauge x\n', 1, /more follows/);
  refused('# TYPE 1a gauge\n', 1, /"1a" is no metric name/);
  refused('# TYPE a histogram\na 1\n', 2, /a is a histogram/);
});

test('everything is bounded', () => {
  const limits = { ...DEFAULT_TEXT_LIMITS, samplesMax: 2, familiesMax: 2, labelsMax: 1, nameCharsMax: 3 };
  const bounded = (text: string) => () =>
    parseText(text, { ...limits, labelValueCharsMax: 2, helpCharsMax: 2 });
  assert.throws(bounded('a 1\na{x="1"} 1\na{x="2"} 1\n'), /more than 2 samples/);
  assert.throws(bounded('# TYPE a gauge\n# TYPE b gauge\n# TYPE c gauge\n'), /more than 2 families/);
  assert.throws(bounded('a{x="1",y="1"} 1\n'), /more than 1 labels/);
  assert.throws(bounded('abcd 1\n'), /too long/);
  assert.throws(bounded('a{abcd="1"} 1\n'), /too long/);
  assert.throws(bounded('a{x="123"} 1\n'), /too long/);
  assert.throws(bounded('# HELP a 123\n'), /longer than 2/);
});

/** Deterministic, so that a failure can be had again. */
function* randomTexts(count: number): Generator<string> {
  let state = 12345;
  const next = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
  const pieces = [
    'a',
    '_sum',
    '{',
    '}',
    '="',
    '"',
    ',',
    ' ',
    '\n',
    '1',
    '# TYPE ',
    'histogram',
    '\\',
    'é',
    '#',
    'NaN',
  ];
  for (let i = 0; i < count; i++) {
    let text = '';
    for (let length = next(30); length > 0; length--) text += pieces[next(pieces.length)];
    yield text;
  }
}

test('garbage is refused or read, never anything else', () => {
  for (const text of randomTexts(5000)) {
    try {
      parseText(text);
    } catch (error) {
      assert.ok(error instanceof TextFormatError, text);
    }
  }
});
