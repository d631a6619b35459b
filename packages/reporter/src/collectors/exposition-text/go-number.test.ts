import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatGoBound, parseGoNumber } from './go-number.ts';

test('numbers as Go reads them', () => {
  const numbers = [
    '1',
    '-2.',
    '.5',
    '+1e3',
    '1E-2',
    '-0',
    'NaN',
    'nAn',
    '+Inf',
    '-inf',
    'Infinity',
    '1e-999',
  ];
  assert.deepEqual(numbers.map(parseGoNumber), [
    1,
    -2,
    0.5,
    1000,
    0.01,
    -0,
    Number.NaN,
    Number.NaN,
    Infinity,
    -Infinity,
    Infinity,
    0,
  ]);
  for (const bad of [
    '',
    '.',
    'e5',
    '1e',
    '0x10',
    '0x1p4',
    '1_0',
    '1e999',
    '+nan',
    'infin',
    ' 1',
    '1 ',
    '1,5',
    '٣',
  ])
    assert.equal(parseGoNumber(bad), null, bad);
  assert.equal(parseGoNumber('1'.repeat(2000)), null);
});

/** As `strconv.FormatFloat(f, 'g', -1, 64)` and the `.0` behind it; checked against a real Prometheus 3 in test/. */
test('bounds as Prometheus 3 stores them', () => {
  const bounds = [
    1,
    0,
    -0,
    -1,
    0.5,
    100_000,
    999_999,
    1_000_000,
    1_234_567,
    1e21,
    5e-324,
    1e-4,
    0.00001,
    2.5e-7,
    1e100,
    Number.NaN,
    Infinity,
    -Infinity,
  ];
  assert.deepEqual(bounds.map(formatGoBound), [
    '1.0',
    '0.0',
    '0.0',
    '-1.0',
    '0.5',
    '100000.0',
    '999999.0',
    '1e+06',
    '1.234567e+06',
    '1e+21',
    '5e-324',
    '0.0001',
    '1e-05',
    '2.5e-07',
    '1e+100',
    'NaN',
    '+Inf',
    '-Inf',
  ]);
});
