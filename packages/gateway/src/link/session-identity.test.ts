import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_CODES } from '@tributary/shared/close-codes';
import { encodeFrame } from '@tributary/shared/encode';
import { RefuseError } from '@tributary/shared/errors';
import { HostRates } from '../limits/host-rates.ts';
import { ANYONE, type Identity } from './identity.ts';
import { Bench, NEW_STREAM } from './session-test-support.ts';
import { AMPLE_RATES, FakeClock, helloOf, NOW } from './test-support.ts';
import { Voices } from './voices.ts';

function benchOf(identity: Partial<Identity>, voices = new Voices()): Bench {
  return new Bench(new FakeClock(), voices, new Map(), { ...ANYONE, ...identity });
}

function greet(bench: Bench): void {
  const text = encodeFrame(helloOf());
  bench.session.receive(Buffer.from(text));
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
    undefined,
    () => true,
  );
  greet(bench);
  assert.equal(bench.grants, 0);
  const [refuse] = bench.sent;
  assert.ok(refuse?.kind === 'refuse' && refuse.code === 'RATE' && refuse.retryAfterMs === 60_000);
});

test('a clock counts only of who may speak for the host: refused, in the place of another, or not bound yet, it says nothing', () => {
  const voices = new Voices();
  const present = benchOf({}, voices);
  present.hello({ clock: NOW + 7 });
  assert.deepEqual(present.greetings, [7]);
  const stranger = benchOf({ refusalOf: () => new RefuseError('UNAUTHORIZED', 'no') });
  stranger.hello({ clock: NOW + 90_000 });
  const second = benchOf({}, voices);
  second.hello({ clock: NOW + 90_000, run: 'run-2' });
  assert.equal(second.refusal(), 'DUPLICATE_HOST');
  const joining = benchOf({ mustGrant: () => true });
  joining.hello({ clock: NOW + 90_000 });
  assert.deepEqual([...stranger.greetings, ...second.greetings, ...joining.greetings], []);
  joining.session.granted('secret');
  assert.deepEqual(joining.greetings, [90_000]);
});

test('while the clock is wrong nobody is let in and nobody is replaced; who has a name is heard', () => {
  const voices = new Voices();
  const present = benchOf({}, voices);
  present.hello();
  const again = benchOf({}, voices);
  again.clockIsWrong = true;
  again.hello({ clock: NOW + 90_000 });
  assert.equal(again.refusal(), 'DRAINING');
  assert.deepEqual(again.greetings, [90_000]);
  assert.equal(voices.of('web-1'), present.session);
  const joining = benchOf({ mustGrant: () => true });
  joining.clockIsWrong = true;
  joining.hello();
  assert.equal(joining.refusal(), 'DRAINING');
  assert.equal(joining.grants, 0);
  // Its own clock may be the one that shows it.
  const late = benchOf({ mustGrant: () => true });
  late.hello();
  late.clockIsWrong = true;
  late.session.granted('secret');
  assert.equal(late.refusal(), 'DRAINING');
  assert.equal(late.loads, 0);
});

test('a host that connects again and again is told to wait, and one that is refused uses up nothing of it', () => {
  const clock = new FakeClock();
  const rates = new HostRates(() => AMPLE_RATES, clock.uptimeMs);
  const come = (identity: Partial<Identity> = {}) => {
    const voices = new Voices();
    const bench = new Bench(clock, voices, new Map(), { ...ANYONE, ...identity }, rates);
    greet(bench);
    return bench;
  };
  for (let i = 0; i < 50; i++) come({ refusalOf: () => new RefuseError('UNAUTHORIZED', 'no') });
  for (let i = 0; i < 20; i++) assert.equal(come().loads, 1);
  const refused = come();
  assert.equal(refused.refusal(), 'RATE');
  assert.equal(refused.sent[0]?.kind === 'refuse' && refused.sent[0].retryAfterMs, 1000);
  assert.deepEqual(refused.events, ['limited web-1 hellos', 'refused web-1 RATE']);
  clock.pass(1000);
  assert.equal(come().loads, 1);
  assert.equal(come().refusal(), 'RATE');
});
