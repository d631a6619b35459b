/**
 * The promise, against a small model: through crashes of the gateway, broken connections, bodies that were lost, read and
 * not stored, stored and lost with the power, and hosts that come with a backlog, every accepted point is in every
 * Prometheus, once and with its value, and none came out of order: scraped whole or by shards, with or without a name, with
 * or without a proxy in between.
 *
 * `TRIBUTARY_SEED` repeats one run, `TRIBUTARY_MODEL_SEEDS` says how many there are.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Runs } from './model-test-child.ts';

const SEEDS = Number(process.env['TRIBUTARY_MODEL_SEEDS'] ?? 300);
const FIRST_SEED = Number(process.env['TRIBUTARY_SEED'] ?? 1);
const COUNT = process.env['TRIBUTARY_SEED'] === undefined ? SEEDS : 1;
/** By how much a run takes longer than one of a small fleet, so that each gets a similar time. */
const WEIGHTS = { 'a small fleet': 1, 'a crowd and a giant': 12, 'long absences': 3 } as const;

for (const scenery of ['a small fleet', 'a crowd and a giant', 'long absences'] as const) {
  const count = Math.ceil(COUNT / WEIGHTS[scenery]);
  test(`nothing is lost, nothing out of order: ${scenery} (${count} seeds)`, async (t) => {
    const workerData: Runs = { scenery, firstSeed: FIRST_SEED, count };
    const worker = new Worker(new URL('./model-test-child.ts', import.meta.url), { workerData });
    t.after(() => worker.terminate());
    // Rejects with the error that ends the thread.
    assert.deepEqual(await once(worker, 'message'), [count]);
  });
}
