import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../link/test-support.ts';
import { frameCost, HostRates, seriesCost } from './host-rates.ts';

function rates(samplesPerSecond = 200_000, newSeriesPerMinute = 60_000) {
  const clock = new FakeClock();
  return { clock, rates: new HostRates(() => ({ samplesPerSecond, newSeriesPerMinute }), clock.uptimeMs) };
}

test('by default, a day of backlog and whatever a restart restates come at once', () => {
  const { rates: host } = rates();
  // 500 series each 10 s for 24 h, five times as many, and every series of a full host six times over.
  for (let batch = 0; batch < 8640; batch++) host.takeSamples('db', frameCost(500, 4000));
  for (let batch = 0; batch < 2160; batch++) host.takeSamples('big', frameCost(2500, 20_000));
  for (let i = 0; i < 6; i++) host.takeNewSeries('full', 20_000);
  for (const name of ['db', 'big', 'full', 'nobody']) assert.equal(host.wait(name), null, name);
  host.takeNewSeries('full', 1);
  assert.deepEqual(host.wait('full'), { limit: 'new_series', ms: 1 });
});

test('over a rate a host waits, and the others do not', () => {
  const { clock, rates: host } = rates(100, 60);
  host.takeSamples('a', 50 * 100 + 200);
  host.takeSamples('b', 50 * 100);
  assert.deepEqual(host.wait('a'), { limit: 'samples', ms: 2000 });
  assert.equal(host.wait('b'), null);
  host.takeNewSeries('a', 2 * 60 + 3);
  assert.deepEqual(host.wait('a'), { limit: 'new_series', ms: 3000 });
  clock.pass(2900);
  assert.deepEqual(host.wait('a')?.limit, 'new_series');
  clock.pass(101);
  assert.equal(host.wait('a'), null);
});

test('what has few samples or series, and many characters, costs by the character', () => {
  assert.deepEqual([frameCost(0, 20), frameCost(500, 4000), frameCost(1, 1_048_576)], [100, 500, 52_429]);
  assert.deepEqual(
    [seriesCost(0, ''), seriesCost(20, 'x'.repeat(2000)), seriesCost(1, 'x'.repeat(130_000))],
    [1, 20, 508],
  );
});

test('limits that change are in force at once, and what is owed stays owed', () => {
  const clock = new FakeClock();
  let limits = { samplesPerSecond: 100, newSeriesPerMinute: 60 };
  const rates = new HostRates(() => limits, clock.uptimeMs);
  rates.takeSamples('web-1', 100 * 50 + 1000);
  assert.deepEqual(rates.wait('web-1'), { limit: 'samples', ms: 10_000 });
  limits = { samplesPerSecond: 1000, newSeriesPerMinute: 60 };
  rates.update();
  assert.deepEqual(rates.wait('web-1'), { limit: 'samples', ms: 1000 });
  limits = { samplesPerSecond: 10, newSeriesPerMinute: 60 };
  rates.update();
  assert.deepEqual(rates.wait('web-1'), { limit: 'samples', ms: 100_000 });
  // Of what was saved up no more is left than there is room for now.
  rates.takeSamples('web-2', 0);
  limits = { samplesPerSecond: 1, newSeriesPerMinute: 60 };
  rates.update();
  rates.takeSamples('web-2', 60);
  assert.deepEqual(rates.wait('web-2'), { limit: 'samples', ms: 10_000 });
});
