import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExpositionError, type ExpositionReason } from './exposition-error.ts';
import { DEFAULT_READER_OPTIONS, ExpositionReader, type ReaderOptions } from './exposition-reader.ts';
import type { Reading } from './reading.ts';

const TEXT = 'text/plain; version=0.0.4';
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0';

/** Reads texts, one after the other. */
function reader(options: Partial<ReaderOptions> = {}, contentType = TEXT): (text: string) => Reading {
  const it = new ExpositionReader(options);
  return (text) => it.read(Buffer.from(text), contentType);
}

/** Of each series of a reading, its name and labels, and its value. */
function shown({ list, values }: Reading): string[] {
  let place = 0;
  return list.families.flatMap(({ name, series }) =>
    series.map(([suffix, labels]) => `${name}${suffix}${JSON.stringify(labels)} ${values[place++]}`),
  );
}

function refused(read: () => unknown, reason: ExpositionReason, line: number, message: RegExp): void {
  assert.throws(read, (error) => {
    assert.ok(error instanceof ExpositionError);
    assert.deepEqual([error.reason, error.line], [reason, line]);
    assert.match(error.message, message);
    return true;
  });
}

test('families, series and values of a text', () => {
  const text =
    '# HELP a A "line".\n# TYPE a gauge\na{y="2",x="1"} 1.5\n# TYPE h histogram\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\nz NaN\n';
  const { list, values, timed, scraped, kept, added, leftOut } = reader()(text);
  assert.deepEqual(list.families, [
    { name: 'a', type: 'gauge', help: 'A "line".', series: [['', { x: '1', y: '2' }]] },
    {
      name: 'h',
      type: 'histogram',
      help: '',
      series: [
        ['_bucket', { le: '+Inf' }],
        ['_sum', {}],
        ['_count', {}],
      ],
    },
    { name: 'z', type: 'untyped', help: '', series: [['', {}]] },
  ]);
  assert.deepEqual(values, [1.5, 2, 3, 2, Number.NaN]);
  assert.deepEqual(
    { timed, scraped, kept, added, leftOut, length: list.length },
    {
      timed: null,
      scraped: 5,
      kept: 5,
      added: 5,
      leftOut: {},
      length: 5,
    },
  );
});

test('the list is the same object while only values change', () => {
  const read = reader();
  const text = (a: string, b: string) => `# TYPE a gauge\na{x="1"} ${a}\n# some words\na{x="2"} ${b}\nb 1\n`;
  const first = read(text('1', '2'));
  for (const [a, b] of [
    ['1', '2'],
    ['NaN', '+Inf'],
    ['-0.5e-3', '10000000000000'],
    ['.5', '5.'],
  ] as const) {
    const next = read(text(a, b));
    assert.equal(next.list, first.list);
    assert.deepEqual(next.values, [Number(a), b === '+Inf' ? Infinity : Number(b), 1]);
    assert.equal(next.added, 0);
  }
});

test('values are read as closely as at first', () => {
  for (const bad of [
    '',
    ' ',
    '0x10',
    '0b1',
    '0o7',
    '\u00a01',
    '1_0',
    '1e999',
    'x',
    '1 x',
    '1\r',
    'Infinit',
    '1 1 1',
    '--1',
  ]) {
    const read = reader();
    const { list } = read('a 1\nb 1\n');
    refused(() => read(`a 2\nb ${bad}\n`), 'format', 2, /line 2: .*, in "b/);
    assert.equal(read('a 2\nb 2\n').list, list, 'a failure forgets nothing');
  }
  for (const good of ['Infinity', '+1e3', '1E3', '00012', '-.5']) {
    const read = reader();
    read('a 1\n');
    assert.deepEqual(read(`a ${good}\n`).values, [Number(good)]);
  }
});

test('series that come and go have no value meanwhile, and change no list', () => {
  const read = reader();
  const { list } = read('a 1\nb 2\nc 3\n');
  const without = read('a 4\nc 5\n');
  assert.equal(without.list, list);
  assert.deepEqual(without.values, [4, null, 5]);
  assert.deepEqual([without.scraped, without.added], [2, 0]);
  const again = read('a 4\nb 6\nc 5\n');
  assert.equal(again.list, list);
  assert.deepEqual(again.values, [4, 6, 5]);
  assert.equal(again.added, 1);
});

test('another order changes no list, and another spelling neither', () => {
  const read = reader();
  const { list } = read('# TYPE a gauge\na{x="1",y="2"} 1\nb 2\n');
  const turned = read('b 3\n# TYPE a gauge\na { y = "2" , x="1"} 4\n');
  assert.equal(turned.list, list);
  assert.deepEqual(turned.values, [4, 3]);
  assert.deepEqual(read('b 5\na{y="2",x="1",z=""} 6\n# TYPE a gauge\n').values, [6, 5]);
});

test('an empty label is none, but for those that have to be told', () => {
  const text = 'a{x="",y="",z="1"} 1\na{y="",z="1"} 2\na{z="1"} 3\n';
  assert.deepEqual(shown(reader()(text)), ['a{"z":"1"} 1']);
  const read = reader({ emptyLabels: new Set(['x']) });
  const first = read(text);
  assert.deepEqual(shown(first), ['a{"x":"","z":"1"} 1', 'a{"z":"1"} 2']);
  assert.deepEqual(first.leftOut, { duplicate: 1 });
  // However it is spelled, and found by the text of the one before.
  const again = read('a { z="1", x="" } 4\na{y="",z="1"} 5\n');
  assert.equal(again.list, first.list);
  assert.deepEqual(again.values, [4, 5]);
  assert.deepEqual(read('a { z="1", x="" } 6\na{y="",z="1"} 7\n').values, [6, 7]);
});

test('a new series makes a new list, which waits a while for what is missing', () => {
  const read = reader();
  read('a{x="1"} 1\nb 2\n');
  const grown = read('a{x="2"} 3\nb 4\n');
  assert.deepEqual(shown(grown), ['a{"x":"1"} null', 'a{"x":"2"} 3', 'b{} 4']);
  assert.equal(grown.added, 1);
  const both = read('a{x="1"} 5\nb 4\n');
  assert.equal(both.list, grown.list);
  assert.deepEqual(shown(both), ['a{"x":"1"} 5', 'a{"x":"2"} null', 'b{} 4']);
  for (let i = 0; i < 11; i++) assert.equal(read('a{x="1"} 5\nb 4\n').list, grown.list);
  assert.deepEqual(shown(read('a{x="1"} 5\nb 4\nc 1\n')), ['a{"x":"1"} 5', 'b{} 4', 'c{} 1']);
});

test('a list that is mostly empty is made anew', () => {
  const read = reader();
  const many = Array.from({ length: 200 }, (_, i) => `a{x="${i}"} 1\n`).join('');
  read(many);
  const few = read('a{x="7"} 1\n');
  assert.deepEqual(shown(few), ['a{"x":"7"} 1']);
  assert.equal(read(many).list.length, 200);
});

test('what is said of a family changes the list when the family is there', () => {
  const read = reader();
  const { list } = read('# TYPE a gauge\na 1\n# HELP b B.\nb 1\n');
  assert.equal(read('# TYPE a gauge\na 1\n').list, list, 'nothing is said of what is not there');
  const unsaid = read('b 1\na 1\n').list;
  assert.deepEqual(
    unsaid.families.map(({ name, type, help }) => [name, type, help]),
    [
      ['a', 'untyped', ''],
      ['b', 'untyped', ''],
    ],
  );
  assert.equal(
    read('# TYPE a counter\na 1\n').list.families.find(({ name }) => name === 'a')?.type,
    'counter',
  );
  assert.equal(read('# TYPE a counter\n# HELP a A.\na 1\n').list.families[0]?.help, 'A.');
});

test('a type that changes gives the series their own labels again', () => {
  const read = reader();
  const untyped = read('# TYPE h histogram\nh_bucket{le="1"} 1\nh 1\n');
  assert.deepEqual(shown(untyped), ['h_bucket{"le":"1.0"} 1', 'h{} 1']);
  assert.deepEqual(shown(read('# TYPE h gauge\nh_bucket{le="1"} 1\nh 1\n')), [
    'h_bucket{"le":"1"} 1',
    'h{} 1',
  ]);
});

test('of a series that stands twice the first sample counts', () => {
  const read = reader();
  for (let i = 0; i < 2; i++) {
    const { values, leftOut, scraped, kept } = read('a 1\na 2\nb{x="1",y="2"} 3\nb{y="2",x="1"} 4\n');
    assert.deepEqual(values, [1, 3]);
    assert.deepEqual({ leftOut, scraped, kept }, { leftOut: { duplicate: 2 }, scraped: 4, kept: 4 });
  }
});

test('bounds that Prometheus 3 stores as one are one', () => {
  const read = reader();
  const { list, values, leftOut } = read(
    '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="1.0"} 2\nh_bucket{le="inf"} 3\nh_bucket{le="+Inf"} 4\n',
  );
  assert.deepEqual(list.families[0]?.series, [
    ['_bucket', { le: '1' }],
    ['_bucket', { le: '+Inf' }],
  ]);
  assert.deepEqual([values, leftOut], [[1, 3], { duplicate: 2 }]);
});

test('samples with times of their own', () => {
  const text = reader();
  for (const value of [1, 2]) {
    const { values, timed } = text(`a ${value} 1772000000125\nb 7\na 3 1772000000126\n`);
    assert.deepEqual(values, [null, 7]);
    assert.deepEqual(timed, {
      series: [0, 0],
      values: [value, 3],
      atMs: [1_772_000_000_125, 1_772_000_000_126],
    });
  }
  const open = reader({}, OPENMETRICS);
  for (const value of [1, 2]) {
    const { timed } = open(`a ${value} 1772000000.125 # {x="1"} 2 3\na 3 -0.0005\n# EOF\n`);
    assert.deepEqual(timed, { series: [0, 0], values: [value, 3], atMs: [1_772_000_000_125, 0] });
  }
});

test('what the wire cannot carry is left out and counted', () => {
  const long = 'x'.repeat(2049);
  const text = `{"a.b"} 1\na{"b.c"="1"} 1\na{__x="1"} 1\ntributary_x 1\ntributary_reporter_x 1\n${'n'.repeat(257)} 1\na{x="${long}"} 1\na{x="\0"} 1\na{${'abcdefgh'.split('').map((c) => `${c}="1"`)}} 1\n`;
  const read = reader({ limits: { ...DEFAULT_READER_OPTIONS.limits, labelsMax: 7 } });
  for (let i = 0; i < 2; i++) {
    const { leftOut, scraped, kept, list } = read(text);
    assert.deepEqual({ leftOut, scraped, kept }, { leftOut: { name: 5, labels: 3 }, scraped: 9, kept: 9 });
    assert.deepEqual(
      list.families.map(({ name }) => name),
      ['tributary_reporter_x'],
    );
  }
});

test('help that is too long is cut, and costs nothing else', () => {
  const [family] = reader()(`# HELP a ${'x'.repeat(4095)}𝄞\n# TYPE a gauge\na 1\n`).list.families;
  assert.equal(family?.help, `${'x'.repeat(4095)}\ufffd`);
});

test('names that are not wanted cost no samples', () => {
  const asked: string[] = [];
  const keep = (name: string) => {
    asked.push(name);
    return name === 'a';
  };
  const read = reader({ keep, limits: { ...DEFAULT_READER_OPTIONS.limits, samplesMax: 1 } });
  for (let i = 0; i < 2; i++) {
    const { values, scraped, kept, leftOut } = read('b 1\na 2\nb{x="1"} 3\n"'.slice(0, -1));
    assert.deepEqual({ values, scraped, kept, leftOut }, { values: [2], scraped: 3, kept: 1, leftOut: {} });
  }
  assert.deepEqual(asked, ['b', 'a', 'b']);
  refused(() => read('b one\n'), 'format', 1, /"one" is no number/);
});

test('no expression is asked about a name that is too long in any case', () => {
  const asked: string[] = [];
  const keep = (name: string) => asked.push(name) > 0;
  const { leftOut, kept } = reader({ keep })(`${'a'.repeat(257)} 1\n${'b'.repeat(256)} 2\n`);
  assert.deepEqual(asked, ['b'.repeat(256)]);
  assert.deepEqual({ leftOut, kept }, { leftOut: { name: 1 }, kept: 2 });
});

test('a text that is read in turns may be interrupted at each, and the next one is read', async () => {
  const text = Array.from({ length: 2_000 }, (_, i) => `a{i="${i}",long="${'x'.repeat(100)}"} ${i}\n`).join(
    '',
  );
  const body = Buffer.from(text);
  const it = new ExpositionReader();
  const stop = new Error('enough');
  let pauses = 0;
  const interrupted = it.readInTurns(body, TEXT, () => {
    if (++pauses === 3) throw stop;
    return Promise.resolve();
  });
  await assert.rejects(interrupted, stop);
  pauses = 0;
  const { values, added } = await it.readInTurns(body, TEXT, () => {
    pauses++;
    return null;
  });
  assert.deepEqual([values.length, added], [2_000, 2_000]);
  assert.equal(pauses, Math.floor(text.length / (16 * 1024 + 130)));
});

test('comments are read in turns as well', async () => {
  const comments = '# HELP a Some.\n'.repeat(10_000);
  for (const [text, type] of [
    [`${comments}a 1\n`, TEXT],
    [`${comments}a 1\n# EOF\n`, OPENMETRICS],
  ] as const) {
    let pauses = 0;
    const { list, values } = await new ExpositionReader().readInTurns(Buffer.from(text), type, () => {
      pauses++;
      return null;
    });
    assert.deepEqual([list.families[0]?.help, values], ['Some.', [1]]);
    assert.equal(pauses, Math.floor(comments.length / (16 * 1024)));
  }
});

test('more than is taken is refused as such', () => {
  const read = reader({ limits: { ...DEFAULT_READER_OPTIONS.limits, samplesMax: 2, familiesMax: 2 } });
  refused(() => read('a 1\na 2\na 3\n'), 'limit', 3, /line 3: there are more than 2 samples, in "a 3"/);
  refused(() => read('# TYPE a gauge\n# HELP b b\n# TYPE c gauge\n'), 'limit', 3, /more than 2 families/);
  assert.equal(read('a 1\nb 1\n').kept, 2);
});

test('more lines than are remembered are read all the same', () => {
  const read = reader({
    keep: (name) => name === 'a',
    limits: { ...DEFAULT_READER_OPTIONS.limits, samplesMax: 2 },
  });
  const dropped = Array.from({ length: 20 }, (_, i) => `b{x="${i}"} 1\n`).join('');
  const { list } = read(`${dropped}a{x="1"} 1\na{x="2"} 2\n`);
  const next = read(`${dropped}a{x="1"} 3\na{x="2"} 4\n`);
  assert.equal(next.list, list);
  assert.deepEqual([next.values, next.scraped, next.added], [[3, 4], 22, 0]);
});

test('mistakes are told with their line and what stands there', () => {
  const read = reader();
  refused(() => read('a 1\nbad {\n'), 'format', 2, /^line 2: a label name was expected, in "bad \{"$/);
  refused(() => read('a 1\n\n1b 1\n'), 'format', 3, /a metric name was expected, in "1b 1"/);
  refused(() => read(`a{x="${'y'.repeat(10_000)}" z} 1\n`), 'format', 1, /"…y{20,}.*z\} 1"$/);
  refused(() => read('<html>\u0007'), 'format', 1, /in "<html>\\u0007"/);
  refused(() => reader({}, OPENMETRICS)('a 1\n'), 'format', 2, /does not end with # EOF/);
});

test('bytes that are no UTF-8 are refused with their line', () => {
  const read = (bytes: Buffer) => () => new ExpositionReader().read(bytes, TEXT);
  refused(read(Buffer.from('a 1\nb{x="\xff"} 1\n', 'latin1')), 'format', 2, /no UTF-8, in "b\{x=/);
});

test('the Content-Type decides', () => {
  const read = (contentType: string | null, text: string, options: Partial<ReaderOptions> = {}) =>
    new ExpositionReader(options).read(Buffer.from(text), contentType).scraped;
  assert.equal(read('Application/OpenMetrics-Text ; version=1.0.0', 'a 1\n# EOF\n'), 1);
  refused(() => read('application/openmetrics-text', 'a 1\n'), 'format', 2, /EOF/);
  for (const odd of [null, '', 'text/html', 'text/plain;;', 'nonsense']) {
    assert.equal(read(odd, 'a\t1\n'), 1);
    if (odd !== 'text/plain;;') {
      assert.equal(read(odd, 'a 1\n# EOF\n', { fallback: 'openmetrics' }), 1);
      refused(() => read(odd, 'a 1\n', { fallback: 'none' }), 'content_type', 0, /Content-Type/);
    }
  }
  refused(() => read('application/vnd.google.protobuf; x', 'a 1\n'), 'content_type', 0, /binary format/);
});

test('another format is another text', () => {
  const it = new ExpositionReader();
  const text = Buffer.from('# TYPE a unknown\na 1\n# EOF\n');
  assert.equal(it.read(text, OPENMETRICS).added, 1);
  refused(() => it.read(text, TEXT), 'format', 1, /"unknown" is none of counter/);
  assert.equal(it.read(Buffer.from('a 1\n# EOF\n'), TEXT).values[0], 1);
});
