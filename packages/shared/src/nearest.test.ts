import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const FLAGS = ['storage.path', 'storage.retention.time', 'storage.retention.size', 'log.level', 'log.format'];

test('a slip of the finger is found', () => {
  assert.equal(nearest('storage.pth', FLAGS), 'storage.path');
  assert.equal(nearest('log-level', FLAGS), 'log.level');
  assert.equal(nearest('storage.retention', ['storage.retention.time']), 'storage.retention.time');
});

test('the nearest of several is taken, and the first of equals', () => {
  assert.equal(nearest('storage.retention.sise', FLAGS), 'storage.retention.size');
  assert.equal(nearest('b', ['a', 'c']), 'a');
});

test('what is near nothing gets no guess', () => {
  assert.equal(nearest('web.listen-address', FLAGS), undefined);
  assert.equal(nearest('xyz', ['abc']), undefined);
  assert.equal(nearest('anything', []), undefined);
});

test('two letters may differ in a short text, a third of them in a longer one', () => {
  assert.equal(nearest('ab', ['cd']), 'cd');
  assert.equal(nearest('abc', ['xyz']), undefined);
  assert.equal(nearest('abcdefghi', ['abcdefxyz']), 'abcdefxyz');
  assert.equal(nearest('abcdefghi', ['abcdewxyz']), undefined);
});

test('the same text is nearest to itself', () => {
  for (const flag of FLAGS) assert.equal(nearest(flag, FLAGS), flag);
});

test('a text as long as a file is near nothing, which is seen at once', () => {
  const before = process.cpuUsage();
  assert.equal(nearest('x'.repeat(32_000_000), FLAGS), undefined);
  const { user } = process.cpuUsage(before);
  // To compare them letter by letter takes twenty seconds.
  assert.ok(user < 5_000_000, `${user} µs`);
  assert.equal(nearest('storage', ['storage.path'], 5), 'storage.path');
  assert.equal(nearest('storage', ['storage.path'], 4), undefined);
});
