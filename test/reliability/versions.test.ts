/** Every Prometheus that takes several points of a series in one scrape, and VictoriaMetrics when it is told to. */
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from '../support/durations.ts';
import { without } from '../support/peers.ts';
import type { PrometheusPeer } from '../support/prometheus.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';
import { VictoriaMetrics } from '../support/victoria-metrics.ts';

const VERSIONS: readonly PrometheusPeer[] = ['PROMETHEUS_2_42', 'PROMETHEUS_2_53', 'PROMETHEUS_3'];
const AWAY_MS = either(8_000, 60_000);

test('all three versions of Prometheus, and VictoriaMetrics', {
  skip: without(...VERSIONS, 'VICTORIA_METRICS'),
}, async (t) => {
  const fleet = { hosts: either(4, 10), intervalMs: either(500, 1000), series: either(60, 200) };
  const stage = await Stage.start(t, { fleet });
  const victoria = await VictoriaMetrics.start(t, [
    stage.job('victoria', { params: { scraper: ['victoria'], replay: ['1'] } }),
  ]);
  const all = await Promise.all(VERSIONS.map((version) => stage.scraper(version.toLowerCase(), { version })));
  await Promise.all(all.map((prometheus) => stage.scraped(prometheus, 3)));
  stage.relay.cut();
  await delay(AWAY_MS);
  await stage.relay.restore();
  await stage.streaming();
  await stage.gateway.kill('SIGKILL');
  await delay(AWAY_MS / 4);
  await stage.gateway.restart();
  await stage.streaming();
  await delay(2_000);
  await assertAllWhole(t, stage, all, { scenario: 'every version' });
  await assertAllWhole(t, stage, [victoria], { scenario: 'every version' });
});
