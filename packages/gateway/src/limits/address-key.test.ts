import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressKey, plainAddress } from './address-key.ts';

test('an IPv4 address is itself, also where it is written as IPv6', () => {
  for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '::FFFF:192.0.2.7'])
    assert.equal(addressKey(address), '192.0.2.7');
  assert.notEqual(addressKey('192.0.2.8'), '192.0.2.7');
});

test('a /64 of IPv6 is one, however its addresses are written', () => {
  for (const address of [
    '2001:db8:0:1::1',
    '2001:DB8:0:1:ffff:ffff:ffff:ffff',
    '2001:0db8:0000:0001::',
    '2001:db8:0:1::192.0.2.1',
    '2001:db8::1:0:0:0:1',
  ])
    assert.equal(addressKey(address), '2001:db8:0:1::/64', address);
  assert.equal(addressKey('2001:db8:0:2::1'), '2001:db8:0:2::/64');
  assert.equal(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.equal(addressKey('::1'), '0:0:0:0::/64');
  assert.equal(addressKey('::'), '0:0:0:0::/64');
});

test('what is no address stands for itself', () => {
  for (const text of ['', 'unix', '1.2.3', ':::']) assert.equal(addressKey(text), text);
});

test('for people an IPv4 address is one, whatever socket it came to', () => {
  for (const [address, plain] of [
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::FFFF:192.0.2.7:4711', '192.0.2.7:4711'],
    ['192.0.2.7:4711', '192.0.2.7:4711'],
    ['::1', '::1'],
    ['::ffff:c000:207', '::ffff:c000:207'],
    ['2001:db8::1:4711', '2001:db8::1:4711'],
    ['', ''],
  ] as const) {
    assert.equal(plainAddress(address), plain);
  }
});
