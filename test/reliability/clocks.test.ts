/** Clocks that are wrong at boot, set right later, or step back in mid-run: samples are counted at true time. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from '../support/durations.ts';
import { without } from '../support/peers.ts';
import { Stage } from '../support/stage.ts';
import { worstDeviationMs } from '../support/true-time.ts';
import { assertAllWhole } from '../support/verdict.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const WRONG_MS = either(6_000, MINUTE_MS);
const AFTER_MS = either(3_000, MINUTE_MS);
/** A reporter changes what it has of the gateway's clock only by more than this. */
const DEVIATION_MS_MAX = 2_000;

test('host clock +3 h at boot and set right later; −20 min in mid-run', {
  skip: without('PROMETHEUS_3'),
}, async (t) => {
  const stage = await Stage.start(t);
  const { simulator } = stage;
  const prometheus = await stage.scraper('a');
  const common = { gatewayUrl: stage.streamUrl, intervalMs: 500, series: 60 };
  const ahead = { ...common, wallOffsetMs: 3 * HOUR_MS };
  await simulator.add([
    { ...common, id: 'steady' },
    { ...ahead, id: 'ahead' },
    { ...ahead, id: 'ahead-unheard', connect: false },
    { ...common, id: 'back' },
    { ...common, id: 'back-away' },
  ]);
  await stage.scraped(prometheus, 2);
  await simulator.disconnect(['back-away']);
  await delay(WRONG_MS);
  await simulator.step(['ahead', 'ahead-unheard'], -3 * HOUR_MS);
  await simulator.step(['back', 'back-away'], -20 * MINUTE_MS);
  await delay(AFTER_MS);
  await simulator.connect(['ahead-unheard', 'back-away']);
  await stage.streaming();
  await delay(AFTER_MS);
  await stage.rest();
  const deviations = simulator.hosts.map(({ id, spool }) => ({ id, ms: worstDeviationMs(spool) }));
  t.diagnostic(`figures: ${JSON.stringify({ scenario: 'deviations from true time', deviations })}`);
  for (const { id, ms } of deviations) assert.ok(ms <= DEVIATION_MS_MAX, `${id} is off by ${ms} ms`);
  await assertAllWhole(t, stage, [prometheus], { scenario: 'clocks +3 h at boot, −20 min in mid-run' });
});
