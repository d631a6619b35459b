import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOf, fieldOf, listOf, textOf } from './unknown-values.ts';

test('fields are own ones of objects only', () => {
  assert.equal(fieldOf({ a: 1 }, 'a'), 1);
  assert.equal(fieldOf({}, 'toString'), undefined);
  for (const value of [null, undefined, 'a', 5]) assert.equal(fieldOf(value, 'length'), undefined);
});

test('lists are cut, and everything else is none', () => {
  assert.deepEqual(listOf([1, 2, 3], 2), [1, 2]);
  for (const value of [null, 'ab', { length: 3 }]) assert.deepEqual(listOf(value, 9), []);
});

test('texts are one bounded line, well-formed', () => {
  assert.equal(textOf('  Dell\u0000 Inc.\n '), 'Dell  Inc.');
  assert.equal(textOf('-'), '');
  assert.equal(textOf(5), '');
  assert.equal(textOf('\ud800').isWellFormed(), true);
  assert.equal([...textOf('😀'.repeat(500))].length, 200);
  assert.ok(textOf('😀'.repeat(500)).isWellFormed());
});

test('counts are finite and not negative', () => {
  assert.equal(countOf(0), 0);
  assert.equal(countOf(1.5), 1.5);
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5', null])
    assert.equal(countOf(value), null);
});
