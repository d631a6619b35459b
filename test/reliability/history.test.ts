/** A reporter has sampled for three quarters of an hour before it ever reaches the gateway. */
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from '../support/durations.ts';
import { without } from '../support/peers.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const HISTORY_MS = 45 * 60_000;

test('45 min of history in the spool at the first connect', { skip: without('PROMETHEUS_3') }, async (t) => {
  const live = { prefix: 'live', hosts: 2, intervalMs: 1000, series: 60 };
  const stage = await Stage.start(t, { fleet: live });
  const prometheus = await stage.scraper('a');
  await stage.scraped(prometheus, 2);
  const late = { hosts: either(4, 20), intervalMs: either(10_000, 5_000), series: either(80, 500) };
  await stage.addFleet({ ...late, prefix: 'late', historyMs: HISTORY_MS });
  await stage.streaming();
  await delay(either(5_000, 60_000));
  await assertAllWhole(t, stage, [prometheus], { scenario: '45 min of history at the first connect' });
});
