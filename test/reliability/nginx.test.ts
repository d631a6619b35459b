/** A reverse proxy between Prometheus and the gateway breaks the proof of reading; `proxied=1` says so. */
import test from 'node:test';
import { either } from '../support/durations.ts';
import { killInMidScrape } from '../support/mid-scrape.ts';
import { startNginx } from '../support/nginx.ts';
import { without } from '../support/peers.ts';
import type { Prometheus } from '../support/prometheus.ts';
import { Relay } from '../support/relay.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const KILLS = either(2, 10);
/** What was read through a proxy counts as taken after the overlap of a minute: a backlog stands still for as long. */
const PATIENCE = either({}, { quietMs: 3 * 60_000, timeoutMs: 20 * 60_000 });
/**
 * Every scrape repeats what is younger than the overlap: with 20 hosts of 200 series at 1 s that is 270,000 points, which a
 * Prometheus takes in about a second, and here are two.
 */
const INTERVAL = either({}, { interval: '5s' });

test('through nginx, with and without upstream keep-alive, and Prometheus killed meanwhile', {
  skip: without('PROMETHEUS_3', 'NGINX'),
}, async (t) => {
  const fleet = { hosts: either(4, 20), intervalMs: either(500, 1000), series: either(60, 200) };
  const stage = await Stage.start(t, { fleet });
  await using nginx = await startNginx(t, stage.gateway.address);
  const behind = async (name: string, address: string): Promise<Prometheus> => {
    const wire = await Relay.start(t, address);
    const job = { targets: [wire.address], params: { scraper: [name], proxied: ['1'] }, ...INTERVAL };
    const prometheus = await stage.scraper(name, { job });
    await stage.scraped(prometheus, 3);
    for (let i = 0; i < KILLS; i++) {
      await killInMidScrape(prometheus, wire);
      await prometheus.restart();
      await stage.scraped(prometheus, 2);
    }
    return prometheus;
  };
  const all = await Promise.all([behind('keeping', nginx.keeping), behind('closing', nginx.closing)]);
  await assertAllWhole(t, stage, all, {
    ...PATIENCE,
    scenario: `nginx, Prometheus SIGKILLed in mid-scrape ${KILLS} times`,
  });
});
