import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHostPattern, matchesPattern } from './pattern.ts';

test('a pattern stands for whole names', () => {
  const matches = (pattern: string, ...hosts: string[]) =>
    hosts.filter((host) => matchesPattern(pattern, host));
  const hosts = ['web-1', 'web-12', 'web', 'db-1', 'a.web-1', 'web-1.example'];
  assert.deepEqual(matches('web-1', ...hosts), ['web-1']);
  assert.deepEqual(matches('web-?', ...hosts), ['web-1']);
  assert.deepEqual(matches('web-*', ...hosts), ['web-1', 'web-12', 'web-1.example']);
  assert.deepEqual(matches('*web-1', ...hosts), ['web-1', 'a.web-1']);
  assert.deepEqual(matches('*-1*', ...hosts), ['web-1', 'web-12', 'db-1', 'a.web-1', 'web-1.example']);
  assert.deepEqual(matches('*', ...hosts), hosts);
  assert.deepEqual(matches('', ...hosts), []);
  assert.deepEqual(matches('web-*?', 'web-', 'web-1', 'web-12'), ['web-1', 'web-12']);
  assert.deepEqual(matches('a*b*c', 'abc', 'aXbYc', 'aXbY', 'ac', 'abcabc'), ['abc', 'aXbYc', 'abcabc']);
});

test('a dot is a dot', () => {
  assert.equal(matchesPattern('a.b', 'axb'), false);
  assert.equal(matchesPattern('a.b', 'a.b'), true);
});

test('what makes regular expressions run for ever ends at once', () => {
  const work = `${'*a'.repeat(100)}b`;
  assert.equal(matchesPattern(work, 'a'.repeat(253)), false);
});

test('patterns are made of what names are made of', () => {
  for (const pattern of ['*', 'web-?.example', 'A_b*']) assert.ok(isHostPattern(pattern), pattern);
  for (const pattern of ['', 'a b', '[ab]', 'a/b', 'x'.repeat(254), 'ä*'])
    assert.ok(!isHostPattern(pattern), pattern);
});
