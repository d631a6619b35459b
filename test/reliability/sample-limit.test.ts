/** Prometheus reads whole bodies and rejects them for its `sample_limit`: nobody can tell but by figures. `rewind` repairs it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { pick, readExposition } from '../support/exposition.ts';
import { without } from '../support/peers.ts';
import { JOBS, Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const LIMIT = 20;
const NAME = 'limited';

test('sample_limit is passed for three scrapes, and rewind brings it back', {
  skip: without('PROMETHEUS_3'),
}, async (t) => {
  const stage = await Stage.start(t, { fleet: { hosts: 4, intervalMs: 500, series: 60 } });
  const { gateway } = stage;
  const prometheus = await stage.scraper(NAME);
  await stage.scraped(prometheus, 3);
  const limited = { from: Date.now(), to: Infinity };
  await prometheus.reload({ jobs: [stage.job(NAME, { sampleLimit: LIMIT })] });
  const failures = async (): Promise<number> =>
    [...(await prometheus.scrapes(JOBS, limited.from)).values()].flat().filter(({ value }) => value === 0)
      .length;
  await eventually('three scrapes have failed', async () => (await failures()) >= 3);
  const { body } = await gateway.metrics();
  const [served] = pick(readExposition(body), 'tributary_scraper_served_samples', { scraper: NAME });
  // A Prometheus without an out-of-order window wants the past before the present. So the positions go back first, and
  // the limit goes at once after: a reload begins the wait for the next scrape anew.
  const before = await failures();
  await eventually('a scrape is just over', async () => (await failures()) > before, { everyMs: 20 });
  const to = new Date(limited.from - 5_000).toISOString();
  const response = await fetch(`${gateway.url}/api/v1/scrapers/${NAME}/rewind?to=${encodeURIComponent(to)}`, {
    method: 'POST',
  });
  await prometheus.reload({ jobs: [stage.job(NAME)] });
  limited.to = Date.now();
  assert.equal(response.status, 200, await response.text());
  assert.ok(
    (served?.value ?? 0) > LIMIT,
    `served_samples is ${served?.value} and does not show the failures`,
  );
  await stage.scraped(prometheus, 2);
  await delay(2_000);
  await assertAllWhole(t, stage, [prometheus], {
    scenario: 'sample_limit passed, then rewind',
    excused: [limited],
  });
});
