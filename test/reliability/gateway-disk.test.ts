/** The gateway's data folder is gone: the reporters fill the next one from what they have kept. */
import { rm } from 'node:fs/promises';
import test, { describe } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either, LONG } from '../support/durations.ts';
import { without } from '../support/peers.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const FLEET = { hosts: either(4, 20), intervalMs: either(500, 1000), series: either(60, 200) };
const AWAY_MS = either(8_000, 10 * 60_000);

async function loseDisk({ gateway }: Stage): Promise<void> {
  await gateway.kill('SIGKILL');
  await rm(gateway.storagePath, { recursive: true });
  await gateway.restart();
}

describe("the gateway's data folder is deleted", {
  concurrency: !LONG,
  skip: without('PROMETHEUS_3'),
}, () => {
  test('while everything runs', async (t) => {
    const stage = await Stage.start(t, { fleet: FLEET });
    const prometheus = await stage.scraper('a');
    await stage.scraped(prometheus, 5);
    await loseDisk(stage);
    await stage.streaming();
    await stage.scraped(prometheus, either(3, 60));
    await assertAllWhole(t, stage, [prometheus], { scenario: "gateway's data folder deleted" });
  });

  test('after Prometheus has been down', async (t) => {
    const stage = await Stage.start(t, { fleet: FLEET });
    const prometheus = await stage.scraper('a');
    await stage.scraped(prometheus, 3);
    await prometheus.kill('SIGTERM');
    await delay(AWAY_MS);
    await loseDisk(stage);
    await stage.streaming();
    await prometheus.restart();
    await stage.scraped(prometheus, 3);
    const scenario = `gateway's data folder deleted after ${AWAY_MS / 1000} s without Prometheus`;
    await assertAllWhole(t, stage, [prometheus], { scenario });
  });
});
