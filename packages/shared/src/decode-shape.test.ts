import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeShape } from './decode-shape.ts';
import type { Fault } from './errors.ts';
import { FAMILIES_PER_SHAPE_MAX, HELP_CHARS_MAX, LABELS_MAX } from './limits.ts';
import { METRIC_TYPES, type Shape } from './shape.ts';

const SERIES_MAX = 100;

/** What a frame's text would decode to, so that no prototype of the test's own objects is in the way. */
function decode(body: object): { shape: Shape | null; fault: Fault | null } {
  return decodeShape(JSON.parse(JSON.stringify(body)), SERIES_MAX);
}

const family = (over: object = {}) => ({ name: 'x', type: 'gauge', help: '', series: [['', {}]], ...over });

function labels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'v']));
}

test('every type of the wire is taken', () => {
  for (const type of METRIC_TYPES) {
    assert.equal(decode({ families: [family({ type })] }).shape?.families[0]?.type, type);
  }
});

test('a shape may have as many series as a host, over all its families', () => {
  const half = Array.from({ length: SERIES_MAX / 2 }, (_, i) => ['', { i: String(i) }]);
  const full = [family({ series: half }), family({ name: 'y', series: half })];
  assert.equal(decode({ families: full }).fault, null);
  assert.deepEqual(decode({ families: [...full, family({ name: 'z' })] }), {
    shape: null,
    fault: {
      code: 'TOO_MANY_SERIES',
      message: `the shape has more than ${SERIES_MAX} series`,
      limit: 'series',
    },
  });
});

test('a shape may have 20,000 families', () => {
  const families = Array.from({ length: FAMILIES_PER_SHAPE_MAX }, () => family({ series: [] }));
  assert.equal(decode({ families }).fault, null);
  assert.equal(decode({ families: [...families, family()] }).fault?.code, 'TOO_MANY_SERIES');
});

test('too many labels are a fault of the shape, not the end of the connection', () => {
  const most = labels(LABELS_MAX);
  const more = labels(LABELS_MAX + 1);
  assert.equal(decode({ labels: most, families: [family({ series: [['', most]] })] }).fault, null);
  assert.deepEqual(decode({ labels: more, families: [] }).fault, {
    code: 'INVALID_LABEL',
    message: 'shape.labels: more than 64 labels',
    limit: 'labels',
  });
  assert.deepEqual(
    decode({
      families: [
        family({
          series: [
            ['', {}],
            ['', more],
          ],
        }),
      ],
    }).fault,
    {
      code: 'INVALID_LABEL',
      message: '"x": more than 64 labels',
      limit: 'labels',
    },
  );
});

test('a help has at most 4,096 characters', () => {
  const help = 'h'.repeat(HELP_CHARS_MAX);
  assert.equal(decode({ families: [family({ help })] }).shape?.families[0]?.help, help);
  assert.equal(decode({ families: [family({ help: `${help}h` })] }).fault?.code, 'INVALID_NAME');
});

test('the first fault is the one that is told', () => {
  const families = [family({ name: 'a', type: 'one' }), family({ name: 'b', type: 'two' })];
  assert.match(decode({ families }).fault?.message ?? '', /^"a": type "one" is none of counter, /);
});

test('a wrong structure before a fault ends the connection', () => {
  assert.throws(() => decode({ families: [7, family({ type: 'one' })] }), { code: 'BAD_FRAME' });
  assert.throws(() => decode({ labels: { a: 1 }, families: [family({ type: 'one' })] }), {
    code: 'BAD_FRAME',
  });
});

test('text of any length and content passes on to admission', () => {
  const odd = `\0\ud83d${'x'.repeat(100_000)}`;
  const series = [[odd, { [odd]: odd }]];
  const { shape } = decode({ families: [family({ name: odd, series })] });
  assert.deepEqual(shape?.families[0]?.series, series);
  assert.equal(shape?.families[0]?.name, odd);
});

test('labels are data: names that objects have anyway are kept, and reach no prototype', () => {
  const body = '{"labels":{"__proto__":"p","constructor":"c"},"families":[]}';
  const { shape } = decodeShape(JSON.parse(body), SERIES_MAX);
  assert.deepEqual(Object.entries(shape?.labels ?? {}), [
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ]);
  assert.equal(Object.getPrototypeOf(shape?.labels), Object.prototype);
});

test("a fault's message is short however long the names are", () => {
  const name = '\u200b'.repeat(100_000);
  const { fault } = decode({ families: [family({ name, type: name })] });
  assert.ok((fault?.message.length ?? 0) < 1000);
});
