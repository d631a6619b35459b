import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, NEW_STREAM } from './session-test-support.ts';
import { AMPLE_RATES, NOW } from './test-support.ts';

/** Every second seq of `2 * count` is in a gap. */
function gaps(count: number) {
  return Array.from({ length: count }, (_, i) => ({
    from: 2 * i + 2,
    to: 2 * i + 2,
    fromAt: NOW,
    toAt: NOW,
    reason: 'spool_full',
  }));
}

function told(count: number) {
  const seqs = 2 * count + 2;
  return { oldest: seqs, next: seqs, gaps: gaps(count) };
}

test('the losses of a hello are paid for, and many have to wait for a host that is over its rate', () => {
  const bench = new Bench();
  bench.open(told(1000));
  assert.equal(bench.session.isOpen, true);
  // 2,001 losses at 100 samples; the reserve is 50 s.
  bench.rates.takeSamples('web-1', AMPLE_RATES.samplesPerSecond * 50 - 150_000);
  const wait = bench.rates.wait('web-1');
  assert.deepEqual([wait?.limit, Math.round(wait?.ms ?? 0)], ['samples', 50]);

  const again = new Bench(bench.clock);
  again.rates.takeSamples('web-1', AMPLE_RATES.samplesPerSecond * 51);
  again.hello(told(1000));
  again.session.loaded(NEW_STREAM);
  assert.equal(again.appends.length, 0);
  assert.equal(again.refusal(), 'RATE');
  const refusal = again.sent.at(-1);
  assert.equal(refusal?.kind === 'refuse' && refusal.retryAfterMs, 1000);
  assert.ok(again.events.includes('limited web-1 samples'));
});

test('a few losses are settled however the host stands', () => {
  const bench = new Bench();
  bench.rates.takeSamples('web-1', AMPLE_RATES.samplesPerSecond * 51);
  bench.open(told(4));
  assert.equal(bench.session.isOpen, true);
});
