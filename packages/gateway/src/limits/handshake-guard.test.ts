import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../link/test-support.ts';
import { RETRY_SECONDS } from '../trust/refusal.ts';
import { HandshakeGuard } from './handshake-guard.ts';

function bench() {
  const clock = new FakeClock();
  const refused: string[] = [];
  const guard = new HandshakeGuard(
    (reason, address) => void refused.push(`${reason} ${address}`),
    clock.uptimeMs,
  );
  return { clock, refused, guard };
}

test('an address with many bad tokens has to wait, and others do not', () => {
  const { clock, refused, guard } = bench();
  for (let i = 0; i < 60; i++) assert.equal(guard.badToken('192.0.2.7'), true);
  assert.equal(guard.badToken('::ffff:192.0.2.7'), false);
  assert.equal(guard.badToken('192.0.2.8'), true);
  clock.pass(RETRY_SECONDS * 1000);
  assert.equal(guard.badToken('192.0.2.7'), true);
  assert.equal(guard.badToken('192.0.2.7'), false);
  assert.deepEqual(refused, ['credentials ::ffff:192.0.2.7', 'credentials 192.0.2.7']);
});

test('bad tokens and other users of the same address take no tries from a user', () => {
  const { clock, guard } = bench();
  for (let i = 0; i < 1000; i++) {
    guard.badToken('192.0.2.7');
    guard.badPassword('192.0.2.7', null);
    guard.badPassword('192.0.2.7', 'bob');
    guard.badPassword('192.0.2.8', 'ann');
  }
  const may = (user: string | null) => guard.mayTryPassword('192.0.2.7', user);
  assert.deepEqual([may('ann'), may('bob'), may(null)], [true, false, false]);
  for (let i = 0; i < 60; i++) {
    assert.equal(may('ann'), true);
    guard.badPassword('192.0.2.7', 'ann');
  }
  assert.equal(may('ann'), false);
  clock.pass(RETRY_SECONDS * 1000);
  assert.deepEqual([may('ann'), may('bob'), may(null)], [true, true, true]);
});

test('one network of IPv6 has no more tries than one address', () => {
  const { guard } = bench();
  for (let i = 0; i < 1000; i++) guard.badPassword(`2001:db8::${i.toString(16)}`, 'ann');
  assert.equal(guard.mayTryPassword('2001:db8::ffff', 'ann'), false);
  assert.equal(guard.mayTryPassword('2001:db8:1::1', 'ann'), true);
});
