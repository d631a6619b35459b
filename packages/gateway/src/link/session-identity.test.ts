import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_CODES } from '@tributary/shared/close-codes';
import { encodeFrame } from '@tributary/shared/encode';
import { RefuseError } from '@tributary/shared/errors';
import { ANYONE, type Identity } from './identity.ts';
import { Bench, NEW_STREAM } from './session-test-support.ts';
import { FakeClock, helloOf } from './test-support.ts';
import { Voices } from './voices.ts';

function benchOf(identity: Partial<Identity>, voices = new Voices()): Bench {
  return new Bench(new FakeClock(), voices, new Map(), { ...ANYONE, ...identity });
}

function greet(bench: Bench): void {
  const text = encodeFrame(helloOf());
  bench.session.receive(text, text.length);
}

test('who may not speak for the host is refused before anything is made of the hello', () => {
  const voices = new Voices();
  const present = benchOf({}, voices);
  greet(present);
  const bench = benchOf({ refusalOf: ({ host }) => new RefuseError('UNAUTHORIZED', `not ${host}`) }, voices);
  greet(bench);
  assert.deepEqual(bench.closes, [[CLOSE_CODES.UNAUTHORIZED, 'UNAUTHORIZED']]);
  assert.deepEqual(bench.sent, [{ kind: 'refuse', code: 'UNAUTHORIZED', message: 'not web-1' }]);
  assert.equal(bench.loads, 0);
  // Whoever spoke for the host still does, and the fleet heard nothing.
  assert.equal(voices.of('web-1'), present.session);
  assert.deepEqual(bench.events, ['refused web-1 UNAUTHORIZED']);
});

test('what is granted comes with the welcome, once, and nothing is asked of the ledger before', () => {
  const bench = benchOf({ mustGrant: () => true });
  greet(bench);
  assert.deepEqual([bench.grants, bench.loads], [1, 0]);
  bench.session.granted('secret');
  assert.equal(bench.loads, 1);
  bench.session.loaded(NEW_STREAM);
  assert.equal(bench.sent[0]?.kind === 'welcome' && bench.sent[0].token, 'secret');
  bench.session.granted('another');
  assert.equal(bench.loads, 1);
});

test('a welcome without anything granted has no token', () => {
  const bench = benchOf({ mustGrant: () => true });
  greet(bench);
  bench.session.granted(null);
  bench.session.loaded(NEW_STREAM);
  assert.equal(bench.sent.length, 1);
  assert.equal('token' in (bench.sent[0] ?? {}), false);
});

test('a connection that ends while it waits for its grant stays closed, and its host is free', () => {
  const voices = new Voices();
  const bench = benchOf({ mustGrant: () => true }, voices);
  greet(bench);
  bench.session.gone();
  bench.session.granted('secret');
  assert.equal(bench.loads, 0);
  assert.equal(voices.size, 0);
});

test('a host that is one too many is sent away before it is given anything', () => {
  const bench = new Bench(
    new FakeClock(),
    new Voices(),
    new Map(),
    { ...ANYONE, mustGrant: () => true },
    () => true,
  );
  greet(bench);
  assert.equal(bench.grants, 0);
  const [refuse] = bench.sent;
  assert.ok(refuse?.kind === 'refuse' && refuse.code === 'RATE' && refuse.retryAfterMs === 60_000);
});
