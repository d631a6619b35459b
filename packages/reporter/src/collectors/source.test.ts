import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { badLine, eachLine, parseFile, parseNumber, parseOptional, readOptional, words } from './source.ts';
import { temporaryRoots } from './test-support.ts';

test('visits every line that is not empty, the last without its newline too', () => {
  const lines: string[] = [];
  eachLine('a\n\n b \nc', (line) => lines.push(line));
  assert.deepEqual(lines, ['a', ' b ', 'c']);
});

test('separates words by any white space', () => {
  assert.deepEqual(words('  a\tb   c '), ['a', 'b', 'c']);
  assert.deepEqual(words(''), []);
  assert.deepEqual(words('a'), ['a']);
});

test('an error of the format gets the name of the file, another error stays as it is', (t) => {
  const path = join(temporaryRoots(t, { 'proc/x': '12\n' }).proc, 'x');
  const bad = () => {
    throw badLine('wrong', '12');
  };
  assert.throws(() => parseFile(path, bad), { name: 'FormatError', message: `${path}: wrong: "12"` });
  const broken = new TypeError('a mistake of ours');
  assert.throws(
    () =>
      parseFile(path, () => {
        throw broken;
      }),
    broken,
  );
  assert.equal(parseOptional(path, parseNumber), 12);
  assert.throws(() => parseOptional(path, bad), { message: `${path}: wrong: "12"` });
});

test('what is not there is null when it may be absent, and an error when not', (t) => {
  const { proc } = temporaryRoots(t, { 'proc/x': '' });
  assert.equal(readOptional(join(proc, 'y')), null);
  assert.equal(readOptional(join(proc, 'x/y')), null);
  assert.equal(parseOptional(join(proc, 'y'), parseNumber), null);
  assert.throws(() => parseFile(join(proc, 'y'), String), { code: 'ENOENT' });
  assert.throws(() => readOptional(proc), { code: 'EISDIR' });
});
