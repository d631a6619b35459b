import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TAKEOVER_SILENCE_MS } from '@tributary/shared/limits';
import { ANYONE } from './identity.ts';
import { type Voice, Voices } from './voices.ts';

class FakeVoice implements Voice {
  readonly epoch: string;
  readonly run: string;
  heardAt: number;
  readonly address = '10.0.0.7:4242';
  readonly identity = ANYONE;
  replacedTimes = 0;

  constructor(epoch: string, run: string, heardAt = 0) {
    this.epoch = epoch;
    this.run = run;
    this.heardAt = heardAt;
  }

  replaced(): void {
    this.replacedTimes++;
  }
}

test('the first to come speaks', () => {
  const voices = new Voices();
  const voice = new FakeVoice('e1', 'r1');
  assert.deepEqual(voices.claim('web-1', voice, 0), { granted: true });
  assert.equal(voices.of('web-1'), voice);
  assert.equal(voices.of('web-2'), undefined);
  assert.equal(voices.size, 1);
});

test('the same run takes over at once, with whatever epoch', () => {
  const voices = new Voices();
  const first = new FakeVoice('e1', 'r1');
  voices.claim('web-1', first, 0);
  const second = new FakeVoice('e2', 'r1');
  assert.equal(voices.claim('web-1', second, 1).granted, true);
  assert.equal(first.replacedTimes, 1);
  assert.equal(voices.of('web-1'), second);
});

test('another run of the same epoch waits until the voice has been silent', () => {
  const voices = new Voices();
  const first = new FakeVoice('e1', 'r1', 1000);
  voices.claim('web-1', first, 1000);
  const claim = (now: number) => voices.claim('web-1', new FakeVoice('e1', 'r2'), now);
  assert.deepEqual(claim(4000), {
    granted: false,
    message:
      'another process is connected as web-1 with the same spool from 10.0.0.7:4242 (a copied folder, or an old connection that has not timed out yet)',
    retryAfterMs: TAKEOVER_SILENCE_MS - 3000,
  });
  assert.equal(claim(1000 + TAKEOVER_SILENCE_MS - 1).granted, false);
  assert.equal(first.replacedTimes, 0);
  assert.equal(claim(1000 + TAKEOVER_SILENCE_MS).granted, true);
  assert.equal(first.replacedTimes, 1);
});

test('the time to wait is told in whole milliseconds, rounded up', () => {
  const voices = new Voices();
  voices.claim('web-1', new FakeVoice('e1', 'r1', 1000.25), 1000.25);
  const claim = voices.claim('web-1', new FakeVoice('e1', 'r2'), 1043.7);
  assert.equal(!claim.granted && claim.retryAfterMs, TAKEOVER_SILENCE_MS - 43);
});

test('another epoch waits until the voice is gone, however silent', () => {
  const voices = new Voices();
  const first = new FakeVoice('e1', 'r1', 0);
  voices.claim('web-1', first, 0);
  const other = new FakeVoice('e2', 'r2');
  const refused = voices.claim('web-1', other, 10 * TAKEOVER_SILENCE_MS);
  assert.ok(!refused.granted);
  assert.match(
    refused.message,
    /another spool is connected as web-1 from 10\.0\.0\.7:4242; give one of the two another --host/,
  );
  voices.release('web-1', first);
  assert.equal(voices.claim('web-1', other, 0).granted, true);
  assert.equal(first.replacedTimes, 0);
});

test('who was replaced cannot release his successor', () => {
  const voices = new Voices();
  const first = new FakeVoice('e1', 'r1');
  const second = new FakeVoice('e1', 'r1');
  voices.claim('web-1', first, 0);
  voices.claim('web-1', second, 0);
  voices.release('web-1', first);
  assert.equal(voices.of('web-1'), second);
  voices.release('web-1', second);
  assert.equal(voices.size, 0);
});
