/** The link between the fleet and the gateway is cut, or goes deaf, and comes back. */
import assert from 'node:assert/strict';
import test, { describe, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either, LONG } from '../support/durations.ts';
import { without } from '../support/peers.ts';
import type { Relay } from '../support/relay.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const AWAY_MS = either(10_000, 5 * 60_000);
/** Longer than the silence after which a reporter gives a connection up. */
const DEAF_MS = either(30_000, 5 * 60_000);
const FLEET = { hosts: either(5, 20), intervalMs: either(500, 1000), series: either(60, 200) };

async function holds(
  t: TestContext,
  scenario: string,
  fault: (relay: Relay) => void,
  awayMs: number,
): Promise<void> {
  const stage = await Stage.start(t, { fleet: FLEET });
  const prometheus = await stage.scraper('a');
  await stage.scraped(prometheus, 3);
  fault(stage.relay);
  await delay(awayMs);
  await stage.relay.restore();
  await stage.streaming();
  await delay(2_000);
  const [figures] = await assertAllWhole(t, stage, [prometheus], { scenario });
  assert.deepEqual(figures?.warnings, []);
}

describe('the link', { concurrency: !LONG, skip: without('PROMETHEUS_3') }, () => {
  test('cut and restored', async (t) => {
    await holds(t, 'link cut', (relay) => relay.cut(), AWAY_MS);
  });

  test('half-open: bytes go nowhere, and neither end is told', async (t) => {
    await holds(t, 'link half-open', (relay) => relay.blackhole(), DEAF_MS);
  });
});
