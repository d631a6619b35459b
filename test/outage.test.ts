/** `kill -9` of either program: nothing that was sampled is lost, and nothing is stored twice. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { OUTAGE_MS } from './support/durations.ts';
import { eventually, PATIENCE_MS } from './support/eventually.ts';
import { type LedgerBatch, readLedger } from './support/ledger-file.ts';
import { Gateway, Reporter } from './support/programs.ts';

const HOST = 'web-1';
const INTERVAL_MS = 1000;

/** Waits until the ledger holds at least `seq`, and returns all that it holds. */
async function ledgerUpTo(gateway: Gateway, seq: number): Promise<readonly LedgerBatch[]> {
  return await eventually(
    `the ledger holds seq ${seq}`,
    () => {
      const batches = readLedger(gateway.storagePath, HOST);
      return (batches.at(-1)?.seq ?? 0) >= seq && batches;
    },
    { timeoutMs: PATIENCE_MS + seq * INTERVAL_MS },
  );
}

/** One epoch, a batch for every seq from 1, each once, in order, at ticks that rise. */
function assertWhole(batches: readonly LedgerBatch[]): void {
  assert.deepEqual(
    batches.filter(({ tombstone }) => tombstone !== null),
    [],
  );
  assert.equal(new Set(batches.map(({ epoch }) => epoch)).size, 1, 'the epoch has changed');
  assert.deepEqual(
    batches.map(({ seq }) => seq),
    batches.map((_, i) => i + 1),
  );
  for (const [i, { at }] of batches.entries()) {
    const before = batches[i - 1]?.at ?? 0;
    assert.ok(at > before, `seq ${i + 1} is at ${at}, the one before at ${before}`);
  }
}

/** The longest time between two neighbours. */
function longestStepMs(batches: readonly LedgerBatch[]): number {
  return Math.max(...batches.slice(1).map(({ at }, i) => at - (batches[i]?.at ?? at)));
}

test('kill -9 of the gateway: its ledger gets every seq of the outage', async (t) => {
  await using gateway = await Gateway.start(t);
  await using reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: HOST });
  const before = (await ledgerUpTo(gateway, 3)).length;
  await gateway.kill('SIGKILL');
  await delay(OUTAGE_MS);
  await gateway.restart();
  const batches = await ledgerUpTo(gateway, before + OUTAGE_MS / INTERVAL_MS + 3);
  assertWhole(batches);
  // The sampler did not wait for the gateway. A busy machine may cost it a tick, not the whole outage.
  assert.ok(longestStepMs(batches) < OUTAGE_MS / 2, `${longestStepMs(batches)} ms between two batches`);
  assert.equal(reporter.exit, null);
});

test('kill -9 of the reporter: it resumes with the next seq', async (t) => {
  await using gateway = await Gateway.start(t);
  await using reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: HOST });
  const before = (await ledgerUpTo(gateway, 3)).length;
  await reporter.kill('SIGKILL');
  await reporter.restart();
  assertWhole(await ledgerUpTo(gateway, before + 4));
});

test('a reporter that starts without a gateway keeps what it samples', async (t) => {
  await using gateway = await Gateway.start(t);
  await gateway.kill('SIGTERM');
  await using reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: HOST });
  const startedAt = Date.now();
  await delay(5 * INTERVAL_MS);
  await gateway.restart();
  const batches = await ledgerUpTo(gateway, 5);
  assertWhole(batches);
  assert.ok(
    (batches[0]?.at ?? Infinity) < startedAt + 5 * INTERVAL_MS,
    'the first tick is from before the gateway',
  );
  assert.equal(reporter.exit, null);
});

test('kill -9 of both in turn, again and again', async (t) => {
  await using gateway = await Gateway.start(t);
  await using reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: HOST });
  let seq = 0;
  for (const program of [gateway, reporter, gateway, reporter]) {
    seq = (await ledgerUpTo(gateway, seq + 2)).length;
    await program.kill('SIGKILL');
    await program.restart();
  }
  assertWhole(await ledgerUpTo(gateway, seq + 3));
});
