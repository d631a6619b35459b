/** One Prometheus, many targets: one for each host by HTTP SD, or a few shards. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either, LONG } from '../support/durations.ts';
import { eventually } from '../support/eventually.ts';
import { without } from '../support/peers.ts';
import { Prometheus } from '../support/prometheus.ts';
import { JOB, Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const HOSTS = either(30, 60);
const FLEET = { hosts: HOSTS, intervalMs: either(1000, 1000), series: either(50, 200) };
const SHARDS = 4;
const AWAY_MS = either(5_000, 60_000);
/** And what a scrape may take. In CI both fleets are scraped at once, beside other tests on the same two processors. */
const INTERVAL = either('4s', '2s');

/** A short outage of the link, so that there is something to bring after. */
async function outage(stage: Stage): Promise<void> {
  stage.relay.cut();
  await delay(AWAY_MS);
  await stage.relay.restore();
  await stage.streaming();
  await delay(3_000);
}

describe('many targets', { concurrency: !LONG, skip: without('PROMETHEUS_3') }, () => {
  test(`${HOSTS} targets from /sd`, async (t) => {
    const stage = await Stage.start(t, { fleet: FLEET });
    const { targets: _, ...job } = stage.job('sd', { interval: INTERVAL });
    const prometheus = await Prometheus.start(t, {
      version: 'PROMETHEUS_3',
      jobs: [{ ...job, discovery: `${stage.gateway.url}/sd` }],
    });
    await eventually(`${HOSTS} targets are up`, async () => {
      const targets = await prometheus.targets();
      assert.equal(targets.filter(({ health }) => health === 'up').length, HOSTS);
      return true;
    });
    await outage(stage);
    await assertAllWhole(t, stage, [prometheus], { scenario: `${HOSTS} targets from /sd` });
  });

  test(`shard=0/${SHARDS} to ${SHARDS - 1}/${SHARDS}`, async (t) => {
    const stage = await Stage.start(t, { fleet: FLEET });
    const jobs = Array.from({ length: SHARDS }, (_, i) =>
      stage.job('shards', {
        job: `${JOB}-${i}`,
        params: { scraper: ['shards'], shard: [`${i}/${SHARDS}`] },
        interval: INTERVAL,
      }),
    );
    const prometheus = await Prometheus.start(t, { version: 'PROMETHEUS_3', jobs });
    await eventually('every shard is up', async () => {
      const targets = await prometheus.targets();
      return targets.filter(({ health }) => health === 'up').length === SHARDS;
    });
    await outage(stage);
    await assertAllWhole(t, stage, [prometheus], {
      scenario: `shards 0/${SHARDS} to ${SHARDS - 1}/${SHARDS}`,
    });
  });
});
