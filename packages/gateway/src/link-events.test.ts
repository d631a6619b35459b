import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from './fleet/fleet.ts';
import { createForget } from './forgetting.ts';
import { SqliteLedger } from './ledger/sqlite/sqlite-ledger.ts';
import { FakeClock, helloOf, NOW } from './link/test-support.ts';
import { observeLink } from './link-events.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { keepLog, makeOptions } from './wiring-test-support.ts';

async function bench(t: TestContext) {
  const options = await makeOptions(t);
  const ledger = await SqliteLedger.open({ folder: options['storage.path'] });
  t.after(() => ledger.close());
  const clock = new FakeClock();
  const fleet = new Fleet({
    clock,
    uptimeMs: clock.uptimeMs,
    staleAfterMs: () => 1000,
    forgetAfterMs: () => 1000,
  });
  const metrics = createMetrics('1', {
    connections: () => 0,
    shapes: () => 0,
    hosts: () => 0,
    medianSkewSeconds: () => null,
    demotedFamilies: () => 0,
    strain: () => ({ level: 1, paceMs: 30_000, memoryLimitBytes: 5 }),
    ledgerLimitBytes: () => 4096,
    credentialsReadable: () => true,
    reload: () => ({ lastReloadSuccessful: true, lastReloadSuccessAt: 1000 }),
    ledger: () => ({ ...ledger.stats, pendingBytes: 0, healthy: true }),
    web: null,
  });
  const log = keepLog();
  const times = new Map<string, unknown>();
  const forget = createForget({ ledger, fleet, scrapers: { leaving: () => () => {} }, times, log });
  const freed: string[] = [];
  const left = (host: string) => void freed.push(host);
  const { uptimeMs } = clock;
  const observer = observeLink({ fleet, forget, metrics, log, left, uptimeMs });
  return { ledger, fleet, log, freed, metrics, clock, observer };
}

function lost(seq: number, reason: string) {
  return { kind: 'tombstone', seq, lastSeq: seq, fromAt: NOW, at: NOW, reason, contentHash: 0 } as const;
}

test('a host that leaves is forgotten for good, also by what was still on its way to the disk', async (t) => {
  const { ledger, fleet, observer } = await bench(t);
  observer.opened(helloOf(), '', 0);
  const entries = [lost(1, 'skipped:x')];
  const pending = ledger.append('web-1', 'e1', entries).then(() => observer.settled('web-1', entries));
  observer.closed('web-1');
  observer.left('web-1');
  await pending;
  while (fleet.size > 0) await sleep(2);
  assert.deepEqual(await ledger.hosts(), []);
  assert.equal(fleet.host('web-1'), undefined);
});

test('the log tells of losses, not of what was counted as something else', async (t) => {
  const { log, observer } = await bench(t);
  observer.settled('web-1', [
    lost(1, 'gap:spool_full'),
    lost(2, 'expired:acked'),
    lost(3, 'rejected:FUTURE'),
    lost(4, 'dropped:repeat'),
    lost(5, 'skipped:corrupt'),
  ]);
  assert.deepEqual(
    log.lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))).reason),
    ['gap:spool_full', 'skipped:corrupt'],
  );
});

test('a host over a rate is named by the log once, by the fleet for as long as it lasts, and counted', async (t) => {
  const { log, observer, fleet, metrics } = await bench(t);
  observer.opened(helloOf(), '', 0);
  log.lines.length = 0;
  for (let i = 0; i < 3; i++) {
    observer.limited('web-1', 'samples');
    observer.slowed('web-1', 'samples', 500);
  }
  observer.limited('web-1', 'series');
  observer.limited('nobody', 'samples');
  observer.refused('web-1', 'FRAME_TOO_LARGE', 'large', '10.0.0.1:5');
  assert.deepEqual(
    log.lines.map((line) => line.replace(/(: | \{).*/, '')),
    [
      'warn the host sends more than --limits.samples-per-second',
      'warn the host sends more than --limits.samples-per-second',
      'warn connection refused',
    ],
  );
  const host = fleet.host('web-1');
  assert.ok(host);
  assert.deepEqual(
    fleet.limitsInForce(host).map(({ limit }) => limit),
    ['samples', 'series', 'frame_bytes'],
  );
  assert.deepEqual(host.limited.slowedMs.get('samples'), 1500);
  assert.equal(fleet.host('nobody'), undefined);
  const family = (await metrics.families()).find(({ name }) => name === 'tributary_gateway_limited_total');
  const counted = [...(family?.series() ?? [])].filter(({ value }) => value > 0);
  assert.deepEqual(
    counted.map(({ labels, value }) => [labels['limit'], value]),
    [
      ['samples', 4],
      ['series', 1],
      ['frame_bytes', 1],
    ],
  );
});

test('a host that is refused again and again fills no log, and neither do many names', async (t) => {
  const { log, observer, clock } = await bench(t);
  const lines = () => log.lines.splice(0).map((line) => JSON.parse(line.slice(line.indexOf('{'))));
  for (let port = 1; port <= 5000; port++)
    observer.refused('web-1', 'UNAUTHORIZED', 'no', `10.0.0.1:${port}`);
  observer.refused('web-1', 'NAME_TAKEN', 'no', '10.0.0.1:1');
  observer.refused('web-1', 'UNAUTHORIZED', 'no', '[fd00::1]:2');
  assert.deepEqual(
    lines().map(({ code, address }) => [code, address]),
    [
      ['UNAUTHORIZED', '10.0.0.1:1'],
      ['NAME_TAKEN', '10.0.0.1:1'],
      ['UNAUTHORIZED', '[fd00::1]:2'],
    ],
  );
  clock.pass(60_000);
  observer.refused('web-1', 'UNAUTHORIZED', 'no', '10.0.0.1:9');
  assert.equal(lines()[0].untold, 4999);
  for (let i = 0; i < 5000; i++) observer.refused(`x${i}`, 'UNAUTHORIZED', 'no', '10.0.0.2:1');
  const many = lines().length;
  assert.ok(many >= 90 && many <= 101, `${many} lines`);
  clock.pass(1000);
  observer.refused('web-9', 'UNAUTHORIZED', 'no', '10.0.0.2:1');
  assert.equal(lines()[0].others, 5000 - many);
});

test('a reject is told once, many rejects of one host are told a few times, and other hosts still are', async (t) => {
  const { log, observer, fleet } = await bench(t);
  for (let i = 0; i < 5; i++) observer.rejected('web-1', 'INVALID_NAME', 'same');
  assert.equal(log.lines.length, 1);
  for (let i = 0; i < 500; i++) observer.rejected('web-1', 'FUTURE', `${i} ms ahead`);
  assert.ok(log.lines.length < 50);
  const before = log.lines.length;
  observer.rejected('web-2', 'FUTURE', 'x');
  assert.equal(log.lines.length, before + 1);
  assert.equal(fleet.host('web-1')?.rejected.get('FUTURE'), 500);
});
