import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopbackAddress, isLoopbackName, parseLoopback } from './loopback.ts';
import { OptionError } from './options.ts';

test('loopback is 127.0.0.0/8 and ::1, and nothing that only looks so', () => {
  for (const address of [
    '1127.0.0.1',
    '127.0.0',
    '127.0.0.1.1',
    '::1%lo',
    '::ffff:128.0.0.1',
    '127.0.0.1x',
    '127.999.1.1',
    '127.0.256.1',
    '127.0.0.01',
    '',
  ]) {
    assert.equal(isLoopbackAddress(address), false, address);
  }
  for (const address of ['127.0.0.1', '127.255.250.249', '::ffff:127.10.199.200', '::1'])
    assert.equal(isLoopbackAddress(address), true, address);
});

test('loopback has a name, and nothing else that a name server could point there', () => {
  for (const authority of ['localhost', 'LOCALHOST:1', '127.0.0.1:9091', '[::1]', '[::1]:9091'])
    assert.equal(isLoopbackName(authority), true, authority);
  for (const authority of [
    '',
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example:80',
    '[::2]',
  ])
    assert.equal(isLoopbackName(authority), false, authority);
});

test('HOST:PORT on loopback, and why nothing else is taken', () => {
  const why = (port: number) => `use 127.0.0.1:${port}`;
  assert.deepEqual(parseLoopback('[::1]:0', 9091, why), { host: '::1', port: 0 });
  assert.deepEqual(parseLoopback('localhost:9125', 9091, why), { host: 'localhost', port: 9125 });
  const refused = (text: string, message: string) =>
    assert.throws(() => parseLoopback(text, 9091, why), new OptionError(message));
  refused('0.0.0.0:80', '"0.0.0.0:80" is not loopback; use 127.0.0.1:80');
  refused('9091', '"9091" is not HOST:PORT, such as 127.0.0.1:9091 or [::1]:9091');
});
