import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RE2JS } from 're2js';
import { Regex, RegexError } from './regex.ts';
import { regexSizeMax } from './regex-size.ts';

test('the whole text must match, and a dot matches every character', () => {
  const cases: readonly [pattern: string, yes: readonly string[], no: readonly string[]][] = [
    ['a.c', ['abc', 'a\nc', 'a😀c'], ['abcd', 'xabc', 'ac']],
    ['a|b.', ['a', 'bx'], ['ab', 'b', 'xa']],
    ['^a$', ['a'], ['a\n', 'ab']],
    ['(?i)web-\\d+', ['WEB-1', 'web-22'], ['web-', 'xweb-1']],
    ['\\pL+', ['aé', 'я'], ['', '1']],
    ['(?-s)a.c', ['abc'], ['a\nc']],
    ['a{2,3}', ['aa', 'aaa'], ['a', 'aaaa']],
    ['[[:alpha:]_]*', ['', 'a_'], ['1']],
    ['\\Qa.b\\E', ['a.b'], ['axb']],
  ];
  for (const [pattern, yes, no] of cases) {
    const regex = new Regex(pattern);
    for (const again of [false, true]) {
      for (const text of yes) assert.equal(regex.test(text), true, `${pattern} ${text} ${again}`);
      for (const text of no) assert.equal(regex.test(text), false, `${pattern} ${text} ${again}`);
      regex.release();
    }
  }
  assert.throws(() => new Regex('(?<=a)b'), RegexError);
});

/** Each would keep a backtracking engine busy until the end of days. */
const HOSTILE: readonly string[] = [
  '(a+)+b',
  '(a|aa)+b',
  '(a*)*(a*)*(a*)*b',
  '(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b',
  '(.*a){200}b',
  '(a?){200}a{200}b',
  '.*a.{500}b',
  '((a{1,30}){1,30})b',
  '(?:x|a.{0,400})*b',
];

test('hostile expressions take time in proportion to the text', () => {
  const timeMs = (pattern: string, length: number): number => {
    const regex = new Regex(pattern);
    const startedMs = performance.now();
    assert.equal(regex.test('a'.repeat(length)), false);
    return performance.now() - startedMs;
  };
  for (const pattern of HOSTILE) {
    timeMs(pattern, 100);
    const short = timeMs(pattern, 2_000);
    const long = timeMs(pattern, 20_000);
    // 10 times the text: squared it would be 100 times the time. Slow machines hiccup for some milliseconds.
    assert.ok(long < 40 * short + 100, `${pattern}: ${short} ms, then ${long} ms`);
  }
});

test('the size of a program is never underrated', () => {
  let state = 7;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((state / 0x8000_0000) * limit);
  };
  const pick = (items: readonly string[]): string => items[random(items.length)] ?? '';
  const atoms = String.raw`a b . [ab] [^a] [[:alpha:]] \d \pL \p{Greek} ^ $ \b (?i)k \Qa.b\E \x{41} \101 []a] [^]a\]] é 😀 { } (?:) [\pL\d]`;
  const repeats = ['*', '+', '?', '*?', '{3}', '{2,}', '{0,5}', '{1,30}', '{7,9}?', '{0}', '{0,1}'];
  const make = (depth: number): string => {
    let text = '';
    for (let i = random(4); i >= 0; i--) {
      const group = depth > 0 && random(5) < 2;
      text += group
        ? `${pick(['(', '(?:', '(?P<nm>', '(?i:', '(?s-i:'])}${make(depth - 1)})`
        : pick(atoms.split(' '));
      if (random(5) < 2) text += pick(repeats);
      if (random(7) === 0) text += '|';
    }
    return text;
  };
  let compiled = 0;
  for (let i = 0; i < 3000; i++) {
    const pattern = make(3);
    const size = sizeOf(pattern);
    if (size === null) continue;
    compiled++;
    assert.ok(regexSizeMax(pattern) >= size, `${pattern}: ${size} instructions`);
  }
  assert.ok(compiled > 2000, `${compiled}`);
  for (const pattern of ['node_.*|job:.*', '[a-z0-9-]{1,63}\\.example\\.com', '[0-9a-f]{8}(-[0-9a-f]{4}){3}'])
    assert.ok(regexSizeMax(pattern) < 3 * (sizeOf(pattern) ?? 0), pattern);
});

function sizeOf(pattern: string): number | null {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL).programSize();
  } catch {
    // Some of the random ones are not valid, such as `{0}*`.
    return null;
  }
}

test('answers stay right beyond the values that are remembered', () => {
  const regex = new Regex('web-[0-9]*[05]');
  for (let i = 0; i < 40_000; i++) assert.equal(regex.test(`web-${i}`), i % 5 === 0);
  for (let i = 0; i < 40_000; i++) assert.equal(regex.test(`web-${i}`), i % 5 === 0);
});
