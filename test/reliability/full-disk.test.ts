/** The gateway's disk is full for a while: acks stop, scrapes go on, and it recovers by itself. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from '../support/durations.ts';
import { eventually } from '../support/eventually.ts';
import { without } from '../support/peers.ts';
import { SmallDisk, withoutSmallDisk } from '../support/small-disk.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const DISK_MIB = either(32, 128);
/** For the fleet to fill up itself. */
const LEFT_BYTES = 512 * 1024;
/** What service managers allow is 10 s and more. */
const STOP_MS_MAX = 9_000;
const FULL_MS = either(8_000, 180_000);

test("the gateway's disk is full for a while", {
  skip: withoutSmallDisk() || without('PROMETHEUS_3'),
}, async (t) => {
  const disk = await SmallDisk.mount(t, DISK_MIB);
  const stage = await Stage.start(t, {
    gateway: { storagePath: join(disk.path, 'gateway') },
    fleet: { hosts: either(4, 10), intervalMs: either(500, 1000), series: 200 },
  });
  const prometheus = await stage.scraper('a');
  await stage.scraped(prometheus, 3);
  const status = async () => (await fetch(`${stage.gateway.url}/-/ready`)).status;
  assert.equal(await status(), 200);
  await disk.fill(LEFT_BYTES);
  await eventually('the gateway is not ready', async () => (await status()) === 503);
  await delay(FULL_MS);
  await stage.scraped(prometheus, 2);
  assert.equal(stage.gateway.exit, null);
  await disk.free();
  await eventually('the gateway is ready again', async () => (await status()) === 200);
  await disk.fill(LEFT_BYTES);
  await eventually('the gateway is not ready', async () => (await status()) === 503);
  // What cannot be saved must not keep it from stopping.
  assert.deepEqual(await stage.gateway.kill('SIGTERM', STOP_MS_MAX), { code: 0, signal: null });
  await disk.free();
  await stage.gateway.restart();
  await stage.streaming();
  await stage.scraped(prometheus, 3);
  await assertAllWhole(t, stage, [prometheus], { scenario: `gateway's disk full for ${FULL_MS / 1000} s` });
});
