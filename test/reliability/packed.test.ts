/** What the ledger has packed is served like everything else, also by a gateway that was killed since. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually } from '../support/eventually.ts';
import { packedEntries } from '../support/ledger-file.ts';
import { without } from '../support/peers.ts';
import { Stage } from '../support/stage.ts';
import { assertAllWhole } from '../support/verdict.ts';

const HISTORY_MS = 40 * 60_000;
const HOSTS = 4;
const INTERVAL_MS = 10_000;
/** It packs every 30 s. */
const PACKED_MS_MAX = 90_000;

test('40 min of history, packed before Prometheus comes', { skip: without('PROMETHEUS_3') }, async (t) => {
  const stage = await Stage.start(t, {
    fleet: { prefix: 'late', hosts: HOSTS, intervalMs: INTERVAL_MS, series: 80, historyMs: HISTORY_MS },
  });
  await stage.streaming();
  const packed = await eventually(
    'the history is packed',
    () => {
      const entries = packedEntries(stage.gateway.storagePath);
      // All but what is fresh, and a block of each host.
      assert.ok(entries >= HOSTS * (HISTORY_MS / INTERVAL_MS - 64 - 64), `${entries} entries are packed`);
      return entries;
    },
    { timeoutMs: PACKED_MS_MAX },
  );
  t.diagnostic(`${packed} entries are packed`);
  await stage.gateway.kill('SIGKILL');
  await stage.gateway.restart();
  await stage.streaming();
  const prometheus = await stage.scraper('a', { job: { params: { scraper: ['a'], from: ['window'] } } });
  await stage.scraped(prometheus, 2);
  await assertAllWhole(t, stage, [prometheus], {
    scenario: '40 min of history, packed before Prometheus comes',
  });
});
