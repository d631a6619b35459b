import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import bcrypt from 'bcrypt';
import { runHashPassword } from './hash-password-command.ts';
import { costOf } from './trust/web-config/bcrypt-hash.ts';

async function hash(text: string, ...argv: readonly string[]): Promise<string> {
  const printed: string[] = [];
  const output = {
    out: (line: string) => void printed.push(line),
    note: () => assert.fail('nothing is asked'),
  };
  await runHashPassword(argv, Readable.from([Buffer.from(text)]), output);
  return printed.join('');
}

test('the hash of what is piped in stands alone, without the end of its line', async () => {
  for (const text of ['pass wörd', 'pass wörd\n', 'pass wörd\r\n']) {
    const printed = await hash(text);
    assert.match(printed, /^\S{60}\n$/);
    assert.equal(costOf(printed.trim()), 10);
    assert.equal(await bcrypt.compare('pass wörd', printed.trim()), true);
  }
});

test('what bcrypt would cut or not take is refused', async () => {
  for (const [text, message] of [
    ['', /wants a password on its standard input/],
    ['\n', /wants a password/],
    ['a\nb\n', /is one line/],
    ['a\0b', /is one line, without a NUL/],
    ['ä'.repeat(37), /at most 72 bytes/],
    ['x'.repeat(5000), /longer than 4 KiB/],
  ] as const) {
    await assert.rejects(hash(text), (error) => error instanceof OptionError && message.test(error.message));
  }
  await assert.rejects(hash('x', 'secret'), /takes no arguments; it reads the password/);
});
