import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefuseError } from './errors.ts';
import {
  badFrame,
  describe,
  isObject,
  parseFrame,
  readArray,
  readIdentifier,
  readInteger,
  readObject,
  readSeq,
  readString,
  readText,
  readTime,
  readToken,
} from './fields.ts';
import { SEQ_MAX, TIME_MS_MAX, TOKEN_CHARS_MAX } from './limits.ts';

const BAD = { name: 'RefuseError', code: 'BAD_FRAME' };

test('a bad frame is a refusal that sending again will not help', () => {
  const error = badFrame('why');
  assert.ok(error instanceof RefuseError);
  assert.deepEqual([error.code, error.retry, error.message], ['BAD_FRAME', 'frame', 'why']);
});

test('only what JSON writes in braces is an object', () => {
  assert.ok(isObject({}) && isObject(JSON.parse('{"__proto__":null}')));
  for (const value of [null, undefined, [], 'x', 1, true]) assert.equal(isObject(value), false);
  assert.throws(() => readObject([], 'it'), { ...BAD, message: 'it is an array: an object is needed' });
});

test('a wrong value is shown as what it is, and never whole', () => {
  const shown = [undefined, null, 7, Infinity, true, 'text', 'x'.repeat(99), [1], { a: 1 }].map(describe);
  const cut = `"${'x'.repeat(40)}…"`;
  assert.deepEqual(shown, [
    'missing',
    'null',
    '7',
    'Infinity',
    'true',
    '"text"',
    cut,
    'an array',
    'an object',
  ]);
});

test('an array has at most so many items', () => {
  assert.deepEqual(readArray([1, 2], 'it', 2), [1, 2]);
  assert.throws(() => readArray([1, 2, 3], 'it', 2), {
    ...BAD,
    message: 'it has 3 items: at most 2 are taken',
  });
  assert.throws(() => readArray({ length: 0 }, 'it', 2), BAD);
});

test('text is well-formed, without NUL, and at most so long', () => {
  assert.equal(readText('a😀', 'it', 3), 'a😀');
  assert.equal(readText('', 'it', 0), '');
  assert.throws(() => readText('abcd', 'it', 3), {
    ...BAD,
    message: 'it has 4 characters: at most 3 are taken',
  });
  assert.throws(() => readText('\ud83d', 'it', 3), { ...BAD, message: 'it is not well-formed text' });
  assert.throws(() => readText('\0', 'it', 3), { ...BAD, message: 'it has a NUL in it' });
});

test('a string may be anything that is one', () => {
  for (const text of ['', '\0', '\udc00', 'x'.repeat(100_000)]) assert.equal(readString(text, 'it'), text);
  for (const value of [undefined, null, 1, ['x']]) assert.throws(() => readString(value, 'it'), BAD);
});

test('an integer is a number, whole, exact and within its bounds', () => {
  assert.equal(readInteger(5, 'it', 5, 5), 5);
  assert.equal(readInteger(Number.MAX_SAFE_INTEGER, 'it', 0), Number.MAX_SAFE_INTEGER);
  assert.ok(Object.is(readInteger(-0, 'it', 0), 0));
  for (const value of [4, 4.5, Number.NaN, Infinity, -Infinity, '5', null, undefined, [5], true]) {
    assert.throws(
      () => readInteger(value, 'it', 5),
      { ...BAD, message: / of at least 5 is needed$/ },
      String(value),
    );
  }
  assert.throws(() => readInteger(6, 'it', 5, 5), { ...BAD, message: 'it is 6: at most 5 is taken' });
  assert.throws(() => readInteger(2 ** 53, 'it', 5), {
    ...BAD,
    message: / is 9007199254740992: at most 9007199254740991 /,
  });
});

test('the seq after the highest seq is exact too', () => {
  assert.equal(readSeq(SEQ_MAX, 'it'), SEQ_MAX);
  assert.ok(Number.isSafeInteger(SEQ_MAX + 1));
  assert.throws(() => readSeq(SEQ_MAX + 1, 'it'), BAD);
  assert.throws(() => readSeq(0, 'it'), BAD);
  assert.equal(readSeq(0, 'it', 0), 0);
});

test('a moment can always be written as a date', () => {
  for (const ms of [0, 1_795_330_306_556, TIME_MS_MAX]) {
    assert.equal(Date.parse(new Date(readTime(ms, 'it')).toISOString()), ms);
  }
  assert.throws(() => readTime(TIME_MS_MAX + 1, 'it'), BAD);
  assert.throws(() => readTime(-1, 'it'), BAD);
});

test('an identifier is short and plain', () => {
  for (const id of ['0f7c2f4e-6f0a-4d7c-9a53-2a1c6a7be0d1', 'A.b_9-', 'x'.repeat(64), '__proto__']) {
    assert.equal(readIdentifier(id, 'it'), id);
  }
  for (const id of ['', 'x'.repeat(65), 'a b', 'a\n', 'é', '{}', 'a/b', 7, null]) {
    assert.throws(() => readIdentifier(id, 'it'), BAD, String(id));
  }
});

test('a frame is a JSON object with a kind', () => {
  const { kind, fields } = parseFrame('{"kind":"bye","reason":"x"}');
  assert.equal(kind, 'bye');
  assert.equal(fields['reason'], 'x');
  assert.throws(() => parseFrame('[]'), { ...BAD, message: 'the frame is an array: an object is needed' });
  assert.throws(() => parseFrame('{}'), { ...BAD, message: 'kind is missing: text is needed' });
});

test('a frame with more brackets than any needs is not even parsed', () => {
  const message = 'the frame has more than 131072 opening brackets';
  assert.throws(() => parseFrame('['.repeat(128 * 1024 + 1)), { ...BAD, message });
  const most = `{"kind":"x","all":[${'[],'.repeat(128 * 1024 - 2)}[]]}`;
  assert.equal(parseFrame(most).kind, 'x');
});

test('a token has an end, and is not shown when it is wrong', () => {
  const longest = '~'.repeat(TOKEN_CHARS_MAX);
  assert.equal(readToken(longest, 'it'), longest);
  for (const wrong of [`${longest}!`, 'secret\n', 'sécret', 'secret\0']) {
    assert.throws(
      () => readToken(wrong, 'it'),
      (error: Error) => {
        assert.match(error.message, /^it is text of \d+ characters: 1 to 512 characters of visible ASCII/);
        return !error.message.includes('cret');
      },
    );
  }
});
