/**
 * The gateway is killed at random moments while a backlog streams in and the fleet samples: whatever it had acked is in
 * its ledger, once. `TRIBUTARY_SEED` repeats the moments.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '@tributary/shared/random';
import { either } from '../support/durations.ts';
import { readLedger } from '../support/ledger-file.ts';
import { Stage } from '../support/stage.ts';

const SEED = Number(process.env['TRIBUTARY_SEED'] ?? 20_261_124);
const KILLS = either(6, 50);
/** Long enough for some to come in the middle of a backlog, short enough for some to come in the middle of a hello. */
const LIFE_MS_MAX = 1_500;

/** Everything that was acked stands in the ledger, each seq once and in order, and its samples add up. */
function assertLedger(storagePath: string, host: string, acked: number): number {
  const entries = readLedger(storagePath, host);
  assert.ok(new Set(entries.map(({ epoch }) => epoch)).size <= 1, `${host}: one epoch`);
  let next = 1;
  let samples = 0;
  for (const entry of entries) {
    assert.equal(entry.seq, next, `${host}: seq ${entry.seq} stands where ${next} belongs`);
    next = entry.lastSeq + 1;
    samples += entry.samples;
    assert.equal(entry.samplesThrough, samples, `${host}: the samples up to seq ${entry.seq}`);
  }
  assert.ok(next > acked, `${host}: ${acked} was acked, and the ledger ends with ${next - 1}`);
  return entries.length;
}

test('a gateway that is SIGKILLed at random moments has all that it acked, once', async (t) => {
  const random = randomOf(SEED);
  const stage = await Stage.start(t, {
    fleet: { hosts: 10, intervalMs: 200, series: 200, historyMs: either(60_000, 1_000_000) },
  });
  for (let kill = 0; kill < KILLS; kill++) {
    await delay(random.below(LIFE_MS_MAX));
    await stage.gateway.kill('SIGKILL');
    // Asked while it is dead: what it acked in its last moment counts, too.
    const acked = await stage.simulator.stats();
    await stage.gateway.restart();
    for (const { id, acked: seq } of acked) assertLedger(stage.gateway.storagePath, id, seq);
  }
  await stage.streaming();
  await stage.rest();
  let entries = 0;
  for (const { id, acked, next } of await stage.simulator.stats()) {
    assert.equal(acked, next - 1);
    entries += assertLedger(stage.gateway.storagePath, id, acked);
  }
  t.diagnostic(
    `figures: ${JSON.stringify({ scenario: `SIGKILL loop, ${KILLS} kills`, seed: SEED, hosts: 10, entries })}`,
  );
});
