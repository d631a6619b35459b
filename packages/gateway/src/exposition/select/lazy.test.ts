/** A file of its own, since a test file is a process: in this one nothing else loads the engine. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { parseSelector } from './selector.ts';

const isLoaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('re2js'));

test('the engine is loaded by the first expression that needs it', () => {
  for (const selector of ['up', 'up{a="b"}', '{a=~"b|c"}', '{a=~"(b|c\\\\.d)"}', '{a=~".+"}', 'up{a=~".*"}'])
    parseSelector(selector);
  assert.equal(isLoaded(), false);
  assert.equal(parseSelector('{a=~"b.+"}').matchers[0]?.matches('bc'), true);
  assert.equal(isLoaded(), true);
});
