import assert from 'node:assert/strict';
import { test } from 'node:test';
import { header, stampText, valueText } from './format.ts';

test('values are written in the shortest form that reads back', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [-0, '0'],
    [1234, '1234'],
    [0.1, '0.1'],
    [-2.5, '-2.5'],
    [2 ** 53, '9007199254740992'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ];
  for (const [value, text] of cases) assert.equal(valueText(value), text);
});

test('times are milliseconds in text and seconds with three decimals in OpenMetrics', () => {
  assert.equal(stampText(1_795_330_306_556, 'text'), ' 1795330306556\n');
  assert.equal(stampText(1_795_330_306_556, 'openmetrics'), ' 1795330306.556\n');
  assert.equal(stampText(1_795_330_306_000, 'openmetrics'), ' 1795330306.000\n');
  assert.equal(stampText(7, 'openmetrics'), ' 0.007\n');
});

test('every millisecond of OpenMetrics reads back as itself', () => {
  for (let at = 1_795_330_306_000; at < 1_795_330_307_000; at++) {
    assert.equal(Math.round(Number(stampText(at, 'openmetrics')) * 1000), at);
  }
});

test('help is escaped by format, and left out when there is none', () => {
  const help = 'a "b" \\ c\nd';
  assert.equal(header('x', 'gauge', help, 'text'), '# HELP x a "b" \\\\ c\\nd\n# TYPE x gauge\n');
  assert.equal(header('x', 'gauge', help, 'openmetrics'), '# HELP x a \\"b\\" \\\\ c\\nd\n# TYPE x gauge\n');
  assert.equal(header('x', 'unknown', '', 'openmetrics'), '# TYPE x unknown\n');
});
