/** Six hours of history drain into a Prometheus with an out-of-order window, while other hosts stay fresh. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from '../support/durations.ts';
import { Freshness } from '../support/freshness.ts';
import { without } from '../support/peers.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const HISTORY_MS = 6 * 3_600_000;
/** Where several tests share a machine, a second is not enough for a scrape (support/stage.ts). */
const SCRAPE_SECONDS = either(2, 10);
const LIVE_INTERVAL_MS = 1000;
const PATIENCE = either({}, { quietMs: 5 * 60_000, timeoutMs: 60 * 60_000 });

test('6 h of history, and the other hosts stay fresh', { skip: without('PROMETHEUS_3') }, async (t) => {
  const stage = await Stage.start(t, {
    gateway: { args: ['--replay.window', '23h'] },
    fleet: { prefix: 'live', hosts: either(2, 5), intervalMs: LIVE_INTERVAL_MS, series: 60 },
  });
  const prometheus = await stage.scraper('a', {
    job: { interval: `${SCRAPE_SECONDS}s` },
    tsdb: { out_of_order_time_window: '24h' },
    args: ['--query.max-samples=200000000'],
  });
  await stage.scraped(prometheus, 3);
  using freshness = new Freshness(prometheus, 'live-.*');
  const late = either(
    { hosts: 4, intervalMs: 60_000, series: 80 },
    { hosts: 50, intervalMs: 10_000, series: 500 },
  );
  await stage.addFleet({ ...late, prefix: 'late', historyMs: HISTORY_MS }, true);
  await stage.streaming(either(60_000, 30 * 60_000));
  // The live hosts go on until all is there; only then are they asked how they fared.
  const sources = stage.truths().filter(({ host }) => host.startsWith('late-'));
  await stage.settled(prometheus, sources, PATIENCE);
  await delay(2_000 * SCRAPE_SECONDS);
  const lagMs = freshness.stop();
  t.diagnostic(`figures: ${JSON.stringify({ scenario: 'freshness of other hosts', ...lagMs })}`);
  await assertAllWhole(t, stage, [prometheus], {
    scenario: '6 h of history at the first connect, out_of_order_time_window 24h',
    ...PATIENCE,
  });
  // Two scrapes; of the short form's single seconds a busy machine takes some for itself.
  const boundMs = LIVE_INTERVAL_MS + 2 * SCRAPE_SECONDS * 1000 + either(10_000, 0);
  assert.ok(lagMs.observations > 0);
  assert.ok(
    lagMs.maxMs <= boundMs,
    `a live host's newest point was ${lagMs.maxMs} ms old, allowed ${boundMs}`,
  );
});
