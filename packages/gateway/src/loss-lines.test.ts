import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, NOW } from './link/test-support.ts';
import { lossTeller } from './loss-lines.ts';
import { keepLog } from './wiring-test-support.ts';

function lost(seq: number, reason: string, ms = 0) {
  return {
    kind: 'tombstone',
    seq,
    lastSeq: seq + 1,
    fromAt: NOW - ms,
    at: NOW,
    reason,
    contentHash: 0,
  } as const;
}

function bench() {
  const clock = new FakeClock();
  const log = keepLog();
  const tell = lossTeller(log, clock.uptimeMs);
  const lines = () => log.lines.splice(0).map((line) => JSON.parse(line.slice(line.indexOf('{'))));
  return { clock, tell, lines };
}

test('what a hello tells is one line, with its sums by reason', () => {
  const { tell, lines } = bench();
  tell('web-1', [
    lost(1, 'gap:spool_full', 1500),
    lost(3, 'gap:unexplained'),
    lost(5, 'gap:spool_full', 250),
  ]);
  assert.deepEqual(lines(), [
    {
      host: 'web-1',
      gaps: 3,
      batches: 6,
      seconds: 1.75,
      reasons: {
        'gap:spool_full': { gaps: 2, batches: 4, seconds: 1.75 },
        'gap:unexplained': { gaps: 1, batches: 2, seconds: 0 },
      },
    },
  ]);
});

test('a thousand gaps, each with a reason of its own, are a short line', () => {
  const { tell, lines } = bench();
  tell(
    'web-1',
    Array.from({ length: 2049 }, (_, i) => lost(2 * i + 1, `gap:reason ${i}`)),
  );
  const told = lines();
  assert.equal(told.length, 1);
  assert.equal(Object.keys(told[0].reasons).length, 9);
  assert.equal(told[0].reasons.other.gaps, 2041);
});

test('what a host passes is told once a minute, with what was not told before', () => {
  const { clock, tell, lines } = bench();
  for (let i = 0; i < 1000; i++) tell('web-1', [lost(2 * i + 1, 'skipped:corrupt', 10)]);
  tell('web-2', [lost(1, 'skipped:corrupt')]);
  assert.deepEqual(lines(), [
    { host: 'web-1', seq: 1, lastSeq: 2, reason: 'skipped:corrupt' },
    { host: 'web-2', seq: 1, lastSeq: 2, reason: 'skipped:corrupt' },
  ]);
  clock.pass(60_000);
  tell('web-1', [lost(2001, 'skipped:too_large')]);
  assert.deepEqual(lines(), [
    {
      host: 'web-1',
      seq: 2001,
      lastSeq: 2002,
      reason: 'skipped:too_large',
      untold: { gaps: 999, batches: 1998, seconds: 9.99 },
    },
  ]);
});
