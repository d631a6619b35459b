/** The gateway is killed again and again while the fleet samples and Prometheus scrapes. */
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from '../support/durations.ts';
import { without } from '../support/peers.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const KILLS = either(3, 24);
const EVERY_MS = either(3_000, 5_000);

test('the gateway is SIGKILLed again and again', { skip: without('PROMETHEUS_3') }, async (t) => {
  const fleet = { hosts: either(5, 20), intervalMs: either(500, 1000), series: either(60, 200) };
  const stage = await Stage.start(t, { fleet });
  const prometheus = await stage.scraper('a');
  await stage.scraped(prometheus, 3);
  for (let i = 0; i < KILLS; i++) {
    await delay(EVERY_MS);
    await stage.gateway.kill('SIGKILL');
    await stage.gateway.restart();
  }
  await stage.streaming();
  await delay(2_000);
  await assertAllWhole(t, stage, [prometheus], { scenario: `gateway SIGKILLed ${KILLS} times` });
});
