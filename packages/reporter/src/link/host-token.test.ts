import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseTokens, decodeKept, encodeKept, type KeptTokens, keepAfter } from './host-token.ts';

const D = (letter: string) => letter.repeat(64);
const given = { token: 'join-1', digest: D('a') };
const use = { host: 'web-1', gateway: 'gw.test:9750', isPlain: false };
const kept: KeptTokens = { ...use, obtainedWith: D('a'), tokens: ['own-2', 'own-1'] };
const choose = (file: typeof given | null, tokens: KeptTokens | null) =>
  chooseTokens(use, file, tokens).map(({ token }) => token);

describe('the token that is shown', () => {
  for (const [what, file, tokens, expected] of [
    ['nothing where there is nothing', null, null, []],
    ["the file's at first contact", given, null, ['join-1']],
    ['what was obtained with it, the newest first, then it', given, kept, ['own-2', 'own-1', 'join-1']],
    ['what was obtained, once the file is gone', null, kept, ['own-2', 'own-1']],
    [
      "the file's alone when a person has put another there",
      { token: 'join-2', digest: D('b') },
      kept,
      ['join-2'],
    ],
    [
      "the file's, when what is kept was obtained without one",
      given,
      { ...kept, obtainedWith: '' },
      ['join-1'],
    ],
    ['none of another host name', null, { ...kept, host: 'web-2' }, []],
    ["the file's, when what is kept is another name's", given, { ...kept, host: 'web-2' }, ['join-1']],
    [
      "the file's, when what is kept is another gateway's",
      given,
      { ...kept, gateway: 'gw.test' },
      ['join-1'],
    ],
    ['each once', { token: 'own-1', digest: D('a') }, kept, ['own-2', 'own-1']],
  ] as const) {
    test(`is ${what}`, () => assert.deepEqual(choose(file, tokens), expected));
  }
});

test('what came where nobody could read it is not shown where anybody can', () => {
  const choices = (isPlain: boolean, wasPlain: boolean) =>
    chooseTokens({ ...use, isPlain }, null, { ...kept, isPlain: wasPlain }).length;
  assert.equal(choices(true, false), 0);
  for (const [isPlain, wasPlain] of [
    [false, false],
    [false, true],
    [true, true],
  ] as const)
    assert.equal(choices(isPlain, wasPlain), 2);
});

describe('what is kept after a welcome', () => {
  const shownFile = { from: 'file', ...given } as const;
  const shownKept = { from: 'kept', token: 'own-1', obtainedWith: D('a') } as const;
  const after = (...rest: [Parameters<typeof keepAfter>[1], string | undefined, KeptTokens | null]) =>
    keepAfter(use, ...rest);

  test('is what a join token was turned into, and what it was obtained with', () => {
    assert.deepEqual(after(shownFile, 'own-1', null), {
      ...use,
      obtainedWith: D('a'),
      tokens: ['own-1'],
    });
    assert.deepEqual(after(null, 'own-1', null), { ...use, obtainedWith: '', tokens: ['own-1'] });
    assert.deepEqual(after(shownFile, 'own-3', kept), {
      ...use,
      obtainedWith: D('a'),
      tokens: ['own-3'],
    });
  });

  test('is a renewed token beside the one before, until the new one was accepted', () => {
    const renewed = after(shownKept, 'own-2', { ...kept, tokens: ['own-1'] });
    assert.deepEqual(renewed, kept);
    const accepted = after({ ...shownKept, token: 'own-2' }, undefined, renewed);
    assert.deepEqual(accepted, { ...kept, tokens: ['own-2'] });
    assert.deepEqual(after(shownKept, undefined, renewed), { ...kept, tokens: ['own-1'] });
  });

  test('is what was there when nothing came', () => {
    assert.equal(after(null, undefined, null), null);
    assert.equal(after(shownFile, undefined, kept), null);
    assert.equal(after(shownKept, undefined, { ...kept, tokens: ['own-1'] }), null);
    assert.equal(after(shownKept, 'own-1', { ...kept, tokens: ['own-1'] }), null);
  });
});

test('what is kept is read back as it was written', () => {
  for (const each of [kept, { ...kept, obtainedWith: '', tokens: ['x'] }])
    assert.deepEqual(decodeKept(encodeKept(each)), each);
});

test('a file that was not written by this program is refused, and not shown', () => {
  const good = JSON.parse(encodeKept(kept));
  for (const [text, message] of [
    ['', 'it is not JSON'],
    ['secret', 'it is not JSON'],
    ['[]', 'it is not of version 1, which alone this program knows'],
    [JSON.stringify({ ...good, version: 2 }), 'it is not of version 1, which alone this program knows'],
    [JSON.stringify({ ...good, host: 1 }), 'host, gateway or isPlain is missing or wrong'],
    [JSON.stringify({ ...good, gateway: undefined }), 'host, gateway or isPlain is missing or wrong'],
    [JSON.stringify({ ...good, isPlain: 'no' }), 'host, gateway or isPlain is missing or wrong'],
    [JSON.stringify({ ...good, obtainedWith: 'ab' }), 'obtainedWith is missing or wrong'],
    [JSON.stringify({ ...good, tokens: [] }), 'tokens is not a list of 1 or 2'],
    [JSON.stringify({ ...good, tokens: ['a', 'b', 'c'] }), 'tokens is not a list of 1 or 2'],
    [JSON.stringify({ ...good, tokens: ['secret\n'] }), 'one of tokens is no token'],
    [JSON.stringify({ ...good, tokens: [7] }), 'one of tokens is no token'],
  ] as const) {
    assert.throws(() => decodeKept(text), { message });
  }
});
