import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latest } from './latest.ts';

/** A source that answers when it is told to, on clocks that move when they are told to. */
function source() {
  const clock = { mono: 1_000, wall: 50_000 };
  const waiting: PromiseWithResolvers<string>[] = [];
  const latest = new Latest({
    ask: () => {
      const one = Promise.withResolvers<string>();
      waiting.push(one);
      return one.promise;
    },
    everyMs: 100,
    staleMs: 1_000,
    monotonic: () => clock.mono,
    now: () => clock.wall,
  });
  const pass = (ms: number, wallMs = ms) => {
    clock.mono += ms;
    clock.wall += wallMs;
  };
  /** Lets what has been answered arrive. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { latest, waiting, pass, settle };
}

test('the first reading waits; later ones tell the newest answer and ask anew when it is time', async () => {
  const { latest, waiting, pass, settle } = source();
  const first = latest.read();
  waiting[0]?.resolve('a');
  assert.deepEqual(await first, { value: 'a', id: 1, ageMs: 0 });
  pass(99);
  assert.deepEqual(await latest.read(), { value: 'a', id: 1, ageMs: 99 });
  assert.equal(waiting.length, 1);
  pass(1);
  assert.deepEqual(await latest.read(), { value: 'a', id: 1, ageMs: 100 });
  assert.equal(waiting.length, 2);
  pass(20);
  waiting[1]?.resolve('b');
  await settle();
  pass(30);
  assert.deepEqual(await latest.read(), { value: 'b', id: 2, ageMs: 30 });
});

test('what hangs is not asked again, and its last answer is told until it is stale', async () => {
  const { latest, waiting, pass } = source();
  const first = latest.read();
  waiting[0]?.resolve('a');
  await first;
  pass(500);
  await latest.read();
  pass(499);
  assert.equal((await latest.read()).value, 'a');
  pass(2);
  await assert.rejects(latest.read(), /no answer for 1 s/);
  assert.equal(waiting.length, 2);
});

test('a first failure is told, and later ones once there is no answer left', async () => {
  const { latest, waiting, pass, settle } = source();
  const first = latest.read();
  waiting[0]?.reject(new Error('first'));
  await assert.rejects(first, /first/);
  await assert.rejects(latest.read(), /first/, 'without waiting');
  pass(100);
  const again = latest.read();
  waiting[1]?.resolve('a');
  await assert.rejects(again, /first/);
  await settle();
  assert.equal((await latest.read()).value, 'a');
  pass(100);
  await latest.read();
  waiting[2]?.reject('text');
  await settle();
  assert.equal((await latest.read()).value, 'a');
  pass(901);
  await assert.rejects(latest.read(), /text/);
});

test('how old an answer is nobody knows after a sleep, or when the clock was set', async () => {
  for (const [mono, wall] of [
    [10, 800],
    [10, -700],
  ] as const) {
    const { latest, waiting, pass } = source();
    const first = latest.read();
    waiting[0]?.resolve('a');
    await first;
    pass(mono, wall);
    assert.equal((await latest.read()).ageMs, null);
  }
});
