import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regexCostMax } from './regex-cost.ts';

const cost = (pattern: string) => regexCostMax(pattern, 2048);

test('what has one length is looked at once, also when it is repeated so many times', () => {
  assert.equal(cost('abc.[de]'), 5);
  assert.equal(cost(String.raw`\Qa.c\E`), 3);
  assert.ok(cost('(ab|cd){1000}') < 10_000);
  assert.ok(cost('.{0,1000}') < 2100);
});

test('what people write costs little', () => {
  for (const pattern of [
    'node_.*|job:.*',
    '.*a.*|.*b.*',
    'https?://[a-z]+[.]example[.]com/.*',
    '[a-z0-9-]{1,63}\\.example\\.com',
    '[0-9a-f]{8}(-[0-9a-f]{4}){3}',
    '.+_(bytes|seconds|packets)_total',
  ])
    assert.ok(cost(pattern) < 150_000, `${pattern}: ${cost(pattern)}`);
  assert.ok(cost('node_.*|'.repeat(510)) < 10_000);
});

test('what follows a loop is looked at with each character, and so is what can begin anywhere', () => {
  for (const pattern of [
    '.*a.{1000}.*',
    `.*a${'.'.repeat(1000)}`,
    '(.|..){500}b.{500}',
    String.raw`(\b|.){1000}.{500}`,
    '(a?){1000}b{1000}',
    '(a*)*(.{300}|b)',
    '.{0,1000}a{400}',
    '(x+x+)+'.repeat(200),
    '.{2,}a.{600}',
  ])
    assert.ok(cost(pattern) > 262_144, `${pattern}: ${cost(pattern)}`);
});
