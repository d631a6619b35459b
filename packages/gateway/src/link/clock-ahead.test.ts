/**
 * A known limit (docs/RELIABILITY.md, "The gateway's clock"): what was admitted while the gateway's own clock was ahead bounds
 * its host's times until that time comes. What that costs is counted, and told to nobody as kept.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, NEW_STREAM } from './session-test-support.ts';
import { gauges, NOW } from './test-support.ts';
import { Voices } from './voices.ts';

const AHEAD_MS = 3 * 3_600_000;

test('after a gateway that was ahead, samples are counted as backwards until that time comes', () => {
  const ahead = new Bench();
  ahead.clock.step(AHEAD_MS);
  ahead.open();
  ahead.shape(1, gauges('a'));
  ahead.batch(1, 1, NOW + AHEAD_MS);
  ahead.settleAll();
  // The clock is set right, which ends every connection.
  ahead.session.gone();
  ahead.clock.step(-AHEAD_MS);

  const right = new Bench(ahead.clock, new Voices(), ahead.times);
  right.open({}, { ...NEW_STREAM, next: 2, lastAt: NOW + AHEAD_MS, nextOffset: 2 });
  right.shape(1, gauges('a'));
  right.batch(2, 2, NOW + 10_000);
  assert.deepEqual(
    right.appends.flat().map((entry) => 'reason' in entry && entry.reason),
    ['dropped:backwards'],
  );
  assert.ok(right.events.includes('dropped web-1 backwards 1'), right.events.join());

  right.clock.pass(AHEAD_MS);
  right.batch(3, 3, NOW + AHEAD_MS + 10_000);
  assert.equal(right.appends.flat().at(-1)?.kind, 'batch');
});
