/** The simulated fleet: real spools, real links, and values that can be made again. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually } from './eventually.ts';
import { readLedger } from './ledger-file.ts';
import { without } from './peers.ts';
import { createSamples, SERIES_MIN } from './simulator/series.ts';
import { Stage } from './stage.ts';
import { readTruth } from './truth.ts';
import { assertAllWhole } from './verdict.ts';
import { VictoriaMetrics } from './victoria-metrics.ts';

test('values are a function of seed, host and tick, and about a quarter change', () => {
  const plan = { host: 'web-1', seed: 7, series: 500, labels: {} };
  const samples = createSamples(plan);
  const valuesAt = (tick: number) => samples(tick).flatMap(({ values }) => values);
  const [one, two] = [valuesAt(1_000_000), valuesAt(1_000_001)];
  assert.ok(one.length === 500 || one.length === 501);
  assert.deepEqual(createSamples(plan)(1_000_000), samples(1_000_000));
  assert.notDeepEqual(createSamples({ ...plan, seed: 8 })(1_000_000), samples(1_000_000));
  assert.notDeepEqual(createSamples({ ...plan, host: 'web-2' })(1_000_000), samples(1_000_000));
  const changed = one.filter((value, i) => !Object.is(value, two[i])).length / one.length;
  assert.ok(changed > 0.15 && changed < 0.35, `${changed} of the values change`);
  const shapes = new Set([1, 31, 61].flatMap((tick) => samples(tick).map(({ shape }) => shape)));
  assert.ok(shapes.size > samples(1).length, 'a device comes and goes');
  assert.throws(() => createSamples({ ...plan, series: SERIES_MIN - 1 }), /at least/);
});

test('the ledger gets what the spools hold, over kills of the simulator, and clocks and disks can be changed', async (t) => {
  const stage = await Stage.start(t, {
    fleet: { hosts: 3, intervalMs: 200, series: 60, historyMs: 60_000, labels: { env: 'test' } },
  });
  const { simulator, gateway } = stage;
  await eventually('history and ticks are acked', async () =>
    (await simulator.stats()).every(({ acked }) => acked > 305),
  );
  await simulator.kill();
  await simulator.restart();
  await eventually('the hosts are back', async () =>
    (await simulator.stats()).every(({ isStreaming, acked }) => isStreaming && acked > 310),
  );
  const copy = await simulator.copySpool('web-3', 'copy');
  const before = readTruth('web-3', [copy]);
  await simulator.step(['web-2'], 3_600_000);
  await stage.rest();
  for (const { name, spool } of simulator.hosts) {
    const truth = readTruth(name, [spool]);
    assert.deepEqual(truth.faults, []);
    const stored = readLedger(gateway.storagePath, name);
    assert.deepEqual(
      [stored.length, stored[0]?.at, stored.at(-1)?.at],
      [truth.batches, truth.firstAt, truth.lastAt],
    );
    // A wall clock that nobody believes: the gateway has said otherwise.
    assert.ok(Math.abs(truth.lastAt - Date.now()) < 60_000, `${name} ends at ${truth.lastAt}`);
  }
  assert.ok(before.batches > 300 && before.faults.length === 0);
  const old = simulator.spec('web-3').spool;
  const kept = await simulator.replaceSpool('web-3', null);
  assert.ok(readTruth('web-3', [kept]).batches >= before.batches);
  assert.equal(readTruth('web-3', [old]).batches, 0);
});

test('steady scraping, faster than the fleet samples, stores exactly what the spools recorded', {
  skip: without('PROMETHEUS_3', 'VICTORIA_METRICS'),
}, async (t) => {
  const stage = await Stage.start(t);
  const job = stage.job('victoria', { params: { scraper: ['victoria'], replay: ['1'] } });
  const victoria = await VictoriaMetrics.start(t, [job]);
  const prometheus = await stage.scraper('a', { job: { interval: '500ms' } });
  await stage.scraped(prometheus);
  await stage.addFleet({ hosts: 4, intervalMs: 2500, series: 120 });
  await eventually('some ticks', async () =>
    (await stage.simulator.stats()).every(({ acked }) => acked >= 8),
  );
  const [figures] = await assertAllWhole(t, stage, [prometheus], { scenario: 'steady scraping' });
  assert.deepEqual(figures?.warnings, []);
  await assertAllWhole(t, stage, [victoria], { scenario: 'steady scraping' });
});
