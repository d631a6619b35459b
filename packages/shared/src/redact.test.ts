import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayHoldCredentials, redact } from './redact.ts';

test('credentials of URLs and headers are taken out, wherever they stand', () => {
  for (const [text, shown] of [
    ['connect to http://me:s3cr3t@proxy:3128 failed', 'connect to http://…@proxy:3128 failed'],
    ['{"url":"https://s3cr3t@gw/x?y","b":"wss://a:s3cr3t@h"}', '{"url":"https://…@gw/x?y","b":"wss://…@h"}'],
    ['http://a:s3c@r3t@h', 'http://…@h'],
    ['authorization: Bearer abcdefghijklmnopqrstuvwxyz', 'authorization: Bearer …'],
    ['"authorization":"Basic bWU6czNjcjN0czNjcjN0"', '"authorization":"Basic …"'],
  ] as const)
    assert.equal(redact(text), shown);
});

test('what holds none stays as it is', () => {
  for (const text of [
    'http://proxy:3128 said no to me@example.org',
    'https://h/a@b?c=d@e',
    'basic auth, bearer tokens and the like',
    'plain',
  ])
    assert.equal(redact(text), text);
});

test('a text that may be a URL with a password is known as one', () => {
  for (const text of ['http://a:b@h', 'ws://a@h', 'a:b@h', 'a@h', 'ws://a:b@h:99999', 'ftp://a:b@h'])
    assert.equal(mayHoldCredentials(text, URL.parse(text)), true, text);
  for (const text of ['http://h/a@b', 'gw:9750', 'http://', 'x'])
    assert.equal(mayHoldCredentials(text, URL.parse(text)), false, text);
});
