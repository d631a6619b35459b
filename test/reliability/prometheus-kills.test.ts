/** Prometheus is killed in the middle of scrapes, and is away for a while. */
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from '../support/durations.ts';
import { killInMidScrape } from '../support/mid-scrape.ts';
import { without } from '../support/peers.ts';
import { Relay } from '../support/relay.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const KILLS = either(2, 10);
const AWAY_MS = either(8_000, 3 * 60_000);
test('Prometheus is SIGKILLed in mid-scrape, and stopped for a while', {
  skip: without('PROMETHEUS_3'),
}, async (t) => {
  const fleet = { hosts: either(5, 20), intervalMs: either(500, 1000), series: either(60, 200) };
  const stage = await Stage.start(t, { fleet });
  const wire = await Relay.start(t, stage.gateway.address);
  const prometheus = await stage.scraper('a', { job: { targets: [wire.address] } });
  await stage.scraped(prometheus, 3);
  for (let i = 0; i < KILLS; i++) {
    await killInMidScrape(prometheus, wire);
    await prometheus.restart();
    await stage.scraped(prometheus, 2);
  }
  await prometheus.kill('SIGTERM');
  await delay(AWAY_MS);
  await prometheus.restart();
  await stage.scraped(prometheus, 2);
  await assertAllWhole(t, stage, [prometheus], {
    scenario: `Prometheus SIGKILLed in mid-scrape ${KILLS} times, stopped for ${AWAY_MS / 1000} s`,
  });
});
