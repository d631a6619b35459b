import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReporterFrame } from './decode.ts';
import { decodeBatchBytes } from './decode-batch-bytes.ts';
import { encodeBatchFrame, encodeGroup } from './encode.ts';
import type { Batch } from './frames.ts';
import { breakBytes } from './fuzz-test-support.ts';
import { SEQ_MAX } from './limits.ts';
import { randomOf } from './random.ts';

const SERIES_MAX = 100_000;
const AT = 1_795_330_306_556;

const fast = (text: string, seriesMax = SERIES_MAX) => decodeBatchBytes(Buffer.from(text), seriesMax);

/** What it says must be what the general decoder says, bit by bit. */
function agree(text: string): Batch | null {
  const batch = fast(text);
  if (batch === null) return null;
  const general = decodeReporterFrame(text, SERIES_MAX);
  assert.deepEqual(batch, general, text.slice(0, 300));
  return batch;
}

const frameOf = (...numbers: readonly string[]) =>
  encodeBatchFrame(1, AT, `[{"shape":1,"values":[${numbers.join()}]}]`);

test('what the encoder writes is read, to the last bit', () => {
  const groups = [
    encodeGroup(1, [0, -0, 1, -1.5, 1e21, 5e-324, Number.MAX_VALUE, 0.1, 123456789012345, 1234567890123456]),
    encodeGroup(7, [null, Number.NaN, Number.POSITIVE_INFINITY, null, Number.NEGATIVE_INFINITY, 3], AT - 5),
    encodeGroup(2, []),
    encodeGroup(3, [null]),
  ];
  const batch = agree(encodeBatchFrame(12, AT, `[${groups.join()}]`));
  assert.equal(batch?.seq, 12);
  assert.deepEqual(
    batch.groups.map(({ shape, at }) => [shape, at]),
    [
      [1, AT],
      [7, AT - 5],
      [2, AT],
      [3, AT],
    ],
  );
  assert.deepEqual([...(batch.groups[1]?.column?.absent ?? [])], [1, 0, 0, 1, 0, 0]);
  assert.ok(agree(encodeBatchFrame(1, AT, '[]')) !== null);
});

test('columns are views of one buffer, which is theirs alone', () => {
  const text = encodeBatchFrame(1, AT, `[${encodeGroup(1, [1, 2])},${encodeGroup(2, [3, null])}]`);
  const [one, two] = [fast(text), fast(text.replace('[1,2]', '[8,9]'))];
  const columns = one?.groups.map(({ column }) => column) ?? [];
  assert.deepEqual([...(columns[0]?.values ?? [])], [1, 2]);
  assert.equal(columns[0]?.values.buffer, columns[1]?.values.buffer);
  assert.equal(columns[0]?.values.buffer.byteLength, 4 * 8);
  assert.deepEqual([...(two?.groups[0]?.column?.values ?? [])], [8, 9]);
});

test('every number as JSON reads it', () => {
  const random = randomOf(7);
  const digits = (most: number) =>
    Array.from({ length: 1 + random.below(most) }, () => random.below(10)).join('');
  for (let i = 0; i < 30_000; i++) {
    const sign = random.pick(['', '-']);
    const whole = random.pick(['0', String(1 + random.below(9)) + digits(16)]);
    const part = random.pick(['', `.${digits(18)}`]);
    const exponent = random.pick([
      '',
      '',
      '',
      `${random.pick(['e', 'E'])}${random.pick(['', '+', '-'])}${digits(2)}`,
    ]);
    const written = sign + whole + part + exponent;
    const batch = agree(frameOf(written));
    assert.ok(batch !== null, written);
    assert.ok(Object.is(batch.groups[0]?.column?.values[0], JSON.parse(written)), written);
  }
});

test('doubles as they are written come back', () => {
  const random = randomOf(8);
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  for (let i = 0; i < 30_000; i++) {
    words.set([random.below(2 ** 32), random.below(2 ** 32)]);
    const value = double[0] ?? 0;
    if (!Number.isFinite(value)) continue;
    assert.ok(Object.is(fast(frameOf(String(value)))?.groups[0]?.column?.values[0], value), String(value));
  }
});

test('what is no number, or written otherwise, is left to the general decoder', () => {
  const numbers = [
    '',
    '01',
    '-',
    '-01',
    '+1',
    '.5',
    '1.',
    '1.e5',
    '1e',
    '1e+',
    '1-2',
    '0x1',
    '1e999',
    '-1e999',
    'nul',
  ];
  numbers.push('true', '[1]', '"1"', '"Inf"', '1 ', ' 1', `1${'0'.repeat(50)}`, 'NaN', '"NaN');
  for (const written of numbers) {
    if (written !== '') assert.equal(fast(frameOf(written)), null, written);
    assert.equal(fast(frameOf('1', written)), null, written);
  }
  const sound = frameOf('1');
  const others = [
    '',
    '{',
    sound.slice(0, -1),
    `${sound} `,
    ` ${sound}`,
    sound.replace('"seq":1', '"seq":0'),
    sound.replace('"seq":1', '"seq":01'),
    sound.replace('"seq":1', '"seq":1.5'),
    sound.replace('"seq":1', '"seq":-1'),
    sound.replace('"seq":1', `"seq":${SEQ_MAX + 1}`),
    sound.replace('"shape":1', '"shape":0'),
    sound.replace('"shape":1', `"shape":1,"at":${AT + 1}`),
    sound.replace('"seq":1,', '"seq":1,"more":2,'),
    sound.replace('[{', '[,{'),
    sound.replace('}]', '},]'),
    sound.replace('batch', 'hello'),
    encodeBatchFrame(1, AT, `[${Array(1025).fill('{"shape":1,"values":[]}').join()}]`),
  ];
  for (const text of others) assert.equal(fast(text), null, text.slice(0, 200));
  assert.notEqual(fast(frameOf('1', '2'), 2), null);
  assert.equal(fast(frameOf('1', '2', '3'), 2), null);
});

test('longer columns than any before, with absent values from the first and from the last on', () => {
  for (const length of [5_000, 20_000, 90_000]) {
    const numbers = Array.from({ length }, (_, i) => i / 4);
    for (const at of [0, length - 1]) {
      const values = numbers.map((value, i) => (i === at ? null : value));
      assert.ok(agree(encodeBatchFrame(1, AT, `[${encodeGroup(1, values)}]`)) !== null);
    }
  }
});

test('broken bytes: it says the same as the general decoder, or nothing', () => {
  const random = randomOf(9);
  const sound = encodeBatchFrame(
    3,
    AT,
    `[${encodeGroup(1, [1, 2.5, null])},${encodeGroup(2, [Number.NaN, -7e9])}]`,
  );
  const other = frameOf('1', '-2');
  let read = 0;
  for (let i = 0; i < 30_000; i++) {
    const text = breakBytes(sound, other, random).toString();
    if (fast(text) !== null && agree(text) !== null) read++;
  }
  assert.ok(read > 100, `only ${read} were read`);
});
