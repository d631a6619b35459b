/** The fleet sits behind a router that masquerades. It forgets its connections, and loses its line for a while. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from '../support/durations.ts';
import { eventually } from '../support/eventually.ts';
import { withoutNat } from '../support/nat.ts';
import { without } from '../support/peers.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const AWAY_MS = either(8_000, 5 * 60_000);
const FLEET = { hosts: either(5, 20), intervalMs: either(500, 1000), series: either(60, 200) };

const skip = without('PROMETHEUS_3') || withoutNat();

test('behind a NAT that forgets, and whose line goes down', { skip }, async (t) => {
  const stage = await Stage.start(t, { behindNat: true, fleet: FLEET });
  const { nat } = stage;
  assert.ok(nat !== null);
  const prometheus = await stage.scraper('a');
  await stage.streaming();
  await stage.scraped(prometheus, 2);
  assert.ok(nat.mappings() >= FLEET.hosts, 'every connection is translated');
  // Neither end is told: what the reporters send is dropped, until they give it up.
  nat.lineDown();
  nat.lineUp();
  assert.equal(nat.mappings(), 0, 'it has forgotten them all');
  const made = stage.relay.counts.connections;
  await eventually('the hosts have connected anew', async () => {
    const { connections } = stage.relay.counts;
    return connections >= made + FLEET.hosts;
  });
  await stage.streaming();
  nat.lineDown();
  await delay(AWAY_MS);
  nat.lineUp();
  await stage.streaming();
  await delay(2_000);
  const [figures] = await assertAllWhole(t, stage, [prometheus], { scenario: 'behind a NAT' });
  assert.deepEqual(figures?.warnings, []);
});
