import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundText } from './bound-text.ts';

test('one bound has one spelling, that of Go', () => {
  // Right column: printed by Go's strconv.FormatFloat(x, 'g', -1, 64), as Pushgateway shows bounds.
  const spellings: Record<string, string> = {
    '1': '1',
    '1.0': '1',
    '1e0': '1',
    '+.5': '0.5',
    '0.005': '0.005',
    '100000': '100000',
    '1000000.0': '1e+06',
    '1234567': '1.234567e+06',
    '0.0001': '0.0001',
    '0.00001': '1e-05',
    '-2.50': '-2.5',
    '0': '0',
    '1e21': '1e+21',
    '1e100': '1e+100',
    inf: '+Inf',
    '+Inf': '+Inf',
    Infinity: '+Inf',
    '-inf': '-Inf',
  };
  for (const [given, shown] of Object.entries(spellings)) assert.equal(boundText(given), shown, given);
});

test('what is no number has none', () => {
  for (const text of ['', 'a', 'NaN', '0x10', '1_0', '1,5', '1e999', ' 1', '1 '])
    assert.equal(boundText(text), null, text);
});
