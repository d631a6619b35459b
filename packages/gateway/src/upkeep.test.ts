import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '@tributary/shared/clock';
import { randomOf } from '@tributary/shared/random';
import type { Lag } from './exposition/replay/backlogs.ts';
import { Fleet } from './fleet/fleet.ts';
import { createForget } from './forgetting.ts';
import type { BatchEntry, Ledger } from './ledger/ledger.ts';
import { SqliteLedger } from './ledger/sqlite/sqlite-ledger.ts';
import { columnOf, FakeClock, gauges, helloOf, shapeOf } from './link/test-support.ts';
import { startUpkeep } from './upkeep.ts';
import { keepLog, makeOptions } from './wiring-test-support.ts';

const HOUR_MS = 3_600_000;

async function bench(t: TestContext, ...argv: readonly string[]) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const options = await makeOptions(t, '--storage.retention.time=1h', '--fleet.forget-after=1h', ...argv);
  const ledger = await SqliteLedger.open({ folder: options['storage.path'] });
  t.after(() => ledger.close());
  const clock = new FakeClock(systemClock.now());
  const fleet = new Fleet({
    clock,
    uptimeMs: clock.uptimeMs,
    staleAfterMs: () => 1000,
    forgetAfterMs: () => options['fleet.forget-after'],
  });
  const log = keepLog();
  const trimmed = { age: 0, size: 0 };
  const metrics = {
    trimmed: (reason: 'age' | 'size', entries: number) => {
      trimmed[reason] += entries;
    },
  };
  const times = new Map<string, unknown>();
  const scrapers = {
    leaving: () => () => {},
    save: async () => {},
    undelivered: async () => new Map<string, number>(),
  };
  const lags: number[] = [];
  const caughtUp: string[] = [];
  const start = (used: Ledger = ledger) => {
    const forget = createForget({ ledger: used, fleet, scrapers, times, log });
    const upkeep = startUpkeep({
      ...{ fleet, ledger: used, scrapers, forget, options, log, metrics },
      isConnected: () => false,
      uptimeMs: clock.uptimeMs,
      reports: { all: async () => lags.splice(0, 1).map((lagMs) => reportOf(lagMs, clock.uptimeMs())) },
      observer: { caughtUp: ({ name }, mostMs) => caughtUp.push(`${name} ${mostMs}`) },
    });
    t.after(() => upkeep.stop());
    return upkeep;
  };
  return { ledger, fleet, clock, log, start, trimmed, times, lags, caughtUp };
}

function reportOf(lagMs: number, askedAt: number): Lag {
  const key = { name: 'p', selection: '' };
  return { cursor: { key, askedAt }, lagMs, intervalMs: 1000 };
}

function entryAt(seq: number, at: number): BatchEntry {
  const groups = [{ shape: shapeOf(gauges('a')), at, column: columnOf(1) }];
  return { kind: 'batch', seq, at, contentHash: 1, groups };
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await turn();
}

test('what is older than the retention goes', async (t) => {
  const { ledger, start, trimmed, log } = await bench(t);
  const now = systemClock.now();
  await ledger.append('web-1', 'e1', [entryAt(1, now - 2 * HOUR_MS), entryAt(2, now)]);
  const upkeep = start();
  t.mock.timers.tick(30_000);
  await until(() => log.lines.length === 1);
  assert.equal(ledger.stats.entries, 1);
  assert.deepEqual(
    (await ledger.read('web-1', 0, 10)).map(({ seq }) => seq),
    [2],
  );
  upkeep.stop();
  assert.deepEqual(trimmed, { age: 1, size: 0 });
  assert.deepEqual(log.lines, ['debug ledger trimmed {"removed":1}']);
});

test('young entries that go for the size are counted apart, and told once a round', async (t) => {
  const { ledger, start, trimmed, log } = await bench(t, '--storage.retention.size=1MB');
  const now = systemClock.now();
  const at = (age: number) => now - age * HOUR_MS;
  const random = randomOf(1);
  for (let seq = 1; seq <= 12; seq++) {
    // What packing would make nothing of could all stay.
    const values = Float64Array.from({ length: 20_000 }, () => random());
    const groups = [{ shape: shapeOf(gauges('a')), at: at(0), column: { values, absent: null } }];
    await ledger.append('web-1', 'e1', [{ ...entryAt(seq, seq < 3 ? at(2) : at(0)), groups }]);
  }
  start();
  t.mock.timers.tick(30_000);
  await until(() => log.lines.length === 2);
  assert.equal(trimmed.age, 2);
  assert.ok(trimmed.size > 0);
  assert.match(
    log.lines[1] ?? '',
    /^warn the ledger passed --storage\.retention\.size: .* \{"removed":\d+,"bytesMax":\d+\}$/,
  );
});

test('while this machine’s clock is wrong it does not decide what is old', async (t) => {
  const { ledger, fleet, start } = await bench(t);
  await ledger.append('web-1', 'e1', [entryAt(1, systemClock.now() - 2 * HOUR_MS)]);
  for (const host of ['a', 'b', 'c']) fleet.opened(helloOf({ host }), '', -2 * HOUR_MS);
  assert.equal(fleet.clockIsWrong(), true);
  start();
  t.mock.timers.tick(30_000);
  await ledger.hosts();
  await turn();
  assert.equal((await ledger.read('web-1', 0, 10)).length, 1);
});

test('hosts that were not seen for long are forgotten everywhere, but not who has come back meanwhile', async (t) => {
  const { ledger, fleet, clock, start, times } = await bench(t);
  for (const host of ['gone', 'back']) times.set(host, {});
  for (const host of ['gone', 'here', 'back'])
    await ledger.append(host, 'e1', [entryAt(1, systemClock.now())]);
  for (const host of ['gone', 'back']) fleet.settled(host, []);
  fleet.opened(helloOf({ host: 'here' }), '', 0);
  clock.pass(HOUR_MS + 1);
  const forgotten: string[] = [];
  const slow: Pick<Ledger, 'forget'> = {
    async forget(host) {
      forgotten.push(host);
      // While the first of them is on its way the second one connects.
      fleet.opened(helloOf({ host: 'back' }), '', 0);
      await ledger.forget(host);
    },
  };
  start(
    new Proxy(ledger, {
      get: (target, name) => (name === 'forget' ? slow.forget : Reflect.get(target, name, target)),
    }),
  );
  t.mock.timers.tick(5000);
  await until(async () => (await ledger.hosts()).length === 2);
  t.mock.timers.tick(5000);
  await turn();
  assert.deepEqual(forgotten, ['gone']);
  assert.deepEqual([...times.keys()], ['back']);
  assert.deepEqual(
    fleet.hosts().map(({ name }) => name),
    ['back', 'here'],
  );
});

test('a scraper that has caught up is told of', async (t) => {
  const { start, lags, caughtUp } = await bench(t);
  start();
  for (const lagMs of [2 * HOUR_MS, HOUR_MS, 0, 0]) {
    lags.push(lagMs);
    t.mock.timers.tick(15_000);
    await turn();
  }
  assert.deepEqual(caughtUp, [`p ${2 * HOUR_MS}`]);
});

test('an error is told, and upkeep goes on', async (t) => {
  const { ledger, log, start } = await bench(t);
  const broken = new Proxy(ledger, {
    get: (target, name) =>
      name === 'trim' ? () => Promise.reject(new Error('no')) : Reflect.get(target, name, target),
  });
  start(broken);
  t.mock.timers.tick(30_000);
  await until(() => log.lines.length === 1);
  t.mock.timers.tick(30_000);
  await until(() => log.lines.length === 2);
  assert.match(log.lines[1] ?? '', /^error cannot trim the ledger \{"error":"no"\}/);
});
