import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import { type Format, stampText, valueText } from './format.ts';
import { NUMBER_BYTES_MAX, writeStamp, writeValue } from './value-bytes.ts';

const AT = 7;
const out = Buffer.alloc(AT + NUMBER_BYTES_MAX);

function assertValue(value: number): void {
  const end = writeValue(out, AT, value);
  const text = out.toString('latin1', AT, end);
  // No message: it would be made for each of them.
  if (text !== valueText(value)) assert.equal(text, valueText(value));
  assert.ok(end <= out.length);
}

test('values are written as their text, digit by digit where that is exact', () => {
  const edges = [
    0,
    1,
    9,
    10,
    999_999_999,
    1e9,
    1e9 + 1,
    123_456_789_012_345,
    1e15 - 1,
    1e15,
    1e15 + 1,
    2 ** 53,
    1e21,
  ];
  const fractions = [
    0.1,
    0.2,
    0.1 + 0.2,
    1e-6,
    1.5e-6,
    9.9e-7,
    1e-7,
    5e-324,
    0.999_999,
    999_999_999.999_999,
    1e14 + 0.5,
  ];
  for (const value of [...edges, ...fractions]) {
    assertValue(value);
    assertValue(-value);
  }
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) assertValue(value);
  assertValue(Number.MAX_VALUE);
});

test('random values of every size and every number of decimals are written as their text', () => {
  const random = randomOf(1);
  const bits = new Uint32Array(2);
  const doubles = new Float64Array(bits.buffer);
  for (let i = 0; i < 100_000; i++) {
    bits[0] = random() * 2 ** 32;
    bits[1] = random() * 2 ** 32;
    assertValue(doubles[0] ?? 0);
    const size = random() * 10 ** (i % 18);
    assertValue(size);
    assertValue(-Math.floor(size));
    assertValue(Math.round(random() * 1e15) / 10 ** (i % 9));
  }
});

test('times are written as their text in both formats', () => {
  for (const format of ['text', 'openmetrics'] satisfies Format[]) {
    for (const at of [
      0,
      7,
      999,
      1000,
      1001,
      1_795_330_306_556,
      1e12,
      1e14,
      1e15,
      1e16,
      -5,
      1.5,
      Number.NaN,
    ]) {
      const end = writeStamp(out, AT, at, format);
      assert.equal(out.toString('latin1', AT, end), stampText(at, format));
      assert.ok(end <= out.length);
    }
  }
});
