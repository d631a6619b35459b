import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../link/test-support.ts';
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

test('an address with many bad credentials has to wait, and others do not', () => {
  const { clock, refused, guard } = bench();
  for (let i = 0; i < 1000; i++) guard.failed('192.0.2.7');
  assert.equal(guard.mayTry('::ffff:192.0.2.7'), false);
  assert.equal(guard.mayTry('192.0.2.8'), true);
  clock.pass(guard.retryAfterSeconds * 1000);
  assert.equal(guard.mayTry('192.0.2.7'), true);
  guard.failed('192.0.2.7');
  assert.equal(guard.mayTry('192.0.2.7'), false);
  assert.deepEqual(refused, ['credentials ::ffff:192.0.2.7', 'credentials 192.0.2.7']);
});

test('a few mistakes are nobody’s business', () => {
  const { guard } = bench();
  for (let i = 0; i < 59; i++) {
    guard.failed('192.0.2.7');
    assert.equal(guard.mayTry('192.0.2.7'), true);
  }
});

test('one network of IPv6 has no more tries than one address', () => {
  const { guard } = bench();
  for (let i = 0; i < 1000; i++) guard.failed(`2001:db8::${i.toString(16)}`);
  assert.equal(guard.mayTry('2001:db8::ffff'), false);
  assert.equal(guard.mayTry('2001:db8:1::1'), true);
});
