import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import { isLoopback, parseListenAddress } from './listen-address.ts';

function messageOf(text: string): string {
  try {
    parseListenAddress(text);
  } catch (error) {
    assert.ok(error instanceof OptionError);
    return error.message;
  }
  return 'taken';
}

test('HOST:PORT on loopback', () => {
  assert.deepEqual(parseListenAddress('127.0.0.1:9750'), { host: '127.0.0.1', port: 9750 });
  assert.deepEqual(parseListenAddress('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(parseListenAddress('localhost:65535'), { host: 'localhost', port: 65535 });
});

test('what is no address is shown with one that is', () => {
  for (const text of [
    '',
    '9750',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:x',
    '127.0.0.1:65536',
    '::1:9750',
    'a:b:1',
  ]) {
    assert.match(messageOf(text), /is not HOST:PORT, such as 127\.0\.0\.1:9750/, text);
  }
});

test('what others can reach is told from what they cannot', () => {
  for (const text of [':9750', '0.0.0.0:9750', '[::]:9750', '10.0.0.1:9750', 'example.org:9750']) {
    assert.equal(isLoopback(parseListenAddress(text)), false, text);
  }
  for (const text of ['127.0.0.1:1', '[::1]:1', 'localhost:1', '127.9.9.9:1']) {
    assert.equal(isLoopback(parseListenAddress(text)), true, text);
  }
});
