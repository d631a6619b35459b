/** Two Prometheis with names of their own: what happens to one is nothing to the other. */
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from '../support/durations.ts';
import { without } from '../support/peers.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const AWAY_MS = either(8_000, 3 * 60_000);

test('two Prometheis, one of them restarted', { skip: without('PROMETHEUS_3') }, async (t) => {
  const fleet = { hosts: either(5, 20), intervalMs: either(500, 1000), series: either(60, 200) };
  const stage = await Stage.start(t, { fleet });
  const [a, b] = await Promise.all([stage.scraper('a'), stage.scraper('b')]);
  await Promise.all([stage.scraped(a, 3), stage.scraped(b, 3)]);
  await b.kill('SIGKILL');
  await delay(AWAY_MS);
  await b.restart();
  await stage.scraped(b, 3);
  await assertAllWhole(t, stage, [a, b], { scenario: 'two Prometheis, one restarted' });
});
