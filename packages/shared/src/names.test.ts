import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST_CHARS_MAX, NAME_CHARS_MAX } from './limits.ts';
import {
  isHostName,
  isLabelName,
  isMetricName,
  isReservedMetricName,
  isTargetLabelName,
  isWellFormed,
  printable,
  quote,
} from './names.ts';

/** No name of any sort: an empty one, and those that some regular expressions let through. */
const NEVER = ['', ' ', 'a b', 'a\n', '\na', 'a\0', 'é', 'a"', 'a{', 'a,', '\ud83d'];

function assertAll(is: (text: string) => boolean, yes: readonly string[], no: readonly string[]): void {
  for (const text of yes) assert.equal(is(text), true, JSON.stringify(text));
  for (const text of [...no, ...NEVER]) assert.equal(is(text), false, JSON.stringify(text));
}

test('metric names are those of Prometheus before UTF-8 names', () => {
  assertAll(isMetricName, ['a', '_', ':', 'job:rate5m', 'Node_load1', '__x'], ['1a', 'a-b', 'a.b', 'a:b-c']);
});

test('label names are metric names without colons that do not begin with two underscores', () => {
  assertAll(isLabelName, ['a', '_', '_a', 'le', 'A9_', 'a__b'], ['9', 'a:b', 'a-b', '__name__', '__']);
});

test('names have at most 256 characters', () => {
  const name = 'n'.repeat(NAME_CHARS_MAX);
  for (const is of [isMetricName, isLabelName]) {
    assert.equal(is(name), true);
    assert.equal(is(`${name}n`), false);
  }
});

test('host names are 1 to 253 of letters, digits, point, minus and underscore', () => {
  const longest = 'h'.repeat(HOST_CHARS_MAX);
  const yes = ['web-1', '10.0.0.7', 'A_b.example.org', '-', '.', '__proto__', longest];
  assertAll(isHostName, yes, ['a:1', 'a/b', 'a%20b', '[::1]', `${longest}h`]);
});

test('a target cannot have the labels that tell series or hosts apart', () => {
  assertAll(
    isTargetLabelName,
    ['job', 'instance', 'env', 'hosts'],
    ['le', 'quantile', 'host', '__address__'],
  );
});

test("the gateway's names are reserved, the reporter's own are not", () => {
  for (const name of ['tributary_', 'tributary_host_up', 'tributary_reporter']) {
    assert.equal(isReservedMetricName(name), true, name);
  }
  for (const name of ['tributary_reporter_ticks_total', 'tributary', 'node_tributary_x', 'Tributary_x']) {
    assert.equal(isReservedMetricName(name), false, name);
  }
});

test('text with half a character is not well-formed', () => {
  assert.equal(isWellFormed('a😀'), true);
  for (const text of ['\ud83d', 'a\ude00', '\ude00\ud83d']) assert.equal(isWellFormed(text), false);
});

test('a quoted name is cut, and says so', () => {
  assert.equal(quote('a"b\\c'), '"a\\"b\\\\c"');
  assert.equal(quote('x'.repeat(80)), `"${'x'.repeat(80)}"`);
  assert.equal(quote('x'.repeat(81)), `"${'x'.repeat(80)}…"`);
  assert.equal(quote('abc', 2), '"ab…"');
});

test('a quoted name is a JSON string of what it shows, and no control reaches the reader', () => {
  const unseen = '\u0000\u001b[31m\u007f\u009b\u00ad\u200b\u202e\u2028\u2066\ufeff\u{e0001}\ud83d';
  const text = quote(unseen);
  assert.equal(JSON.parse(text), unseen);
  assert.match(text, /^[\x20-\x7e]*$/);
});

test('a quoted name has at most six times the characters, two quotes and an ellipsis', () => {
  for (const char of ['\u0000', '\u200b', '\ud800', '"', '\u{e0001}']) {
    assert.ok(quote(char.repeat(1000), 40).length <= 40 * 6 + 3, JSON.stringify(char));
  }
});

test('text made printable is well-formed, and what can be seen is left as it is', () => {
  assert.equal(printable('héllo, 日本 😀'), 'héllo, 日本 😀');
  assert.equal(printable('\ud83d\r\n'), '\\ud83d\\u000d\\u000a');
  assert.ok(printable('\udc00\ud800').isWellFormed());
});
