import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchEntry, Position } from '../../ledger/ledger.ts';
import { columnOf, FakeClock, gauges, shapeOf } from '../../link/test-support.ts';
import { ScrapeConnection } from './connection.ts';
import { Cursor } from './cursor.ts';
import { Delivery, type HostServed } from './delivery.ts';
import { MemoryLog } from './memory-log-test-support.ts';
import { placeAt } from './place.ts';
import { ScraperReports } from './reports.ts';

const SHAPE = shapeOf(gauges('a'));
const MINUTE_MS = 60_000;

function* generatorOf(cursor: Cursor): Generator<Cursor, void, undefined> {
  yield cursor;
}

class Bench {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog(0);
  readonly hosts: string[] = [];
  readonly cursor = new Cursor(
    { name: 'p', selection: '' },
    new Map(),
    { createdAt: 0, seenAt: 0, takenUntil: this.clock.now() - 5 * MINUTE_MS, uptime: this.clock.uptimeMs() },
    { overlapMs: MINUTE_MS },
  );
  readonly reports = new ScraperReports({
    scrapers: { all: () => generatorOf(this.cursor) },
    ledger: this.log,
    hosts: () => this.hosts,
    now: () => this.clock.now(),
    pointsMax: () => 1000,
  });

  append(host: string, ...minutesAgo: number[]): void {
    if (!this.hosts.includes(host)) this.hosts.push(host);
    const first = (this.log.tail(host)?.end.seq ?? 0) + 1;
    const entries = minutesAgo.map((minutes, i): BatchEntry => {
      const at = this.clock.now() - minutes * MINUTE_MS;
      const groups = [{ shape: SHAPE, at, column: columnOf(1) }];
      return { kind: 'batch', seq: first + i, at, contentHash: 1, groups };
    });
    this.log.append(host, 'e1', entries);
  }

  ask(host: string, served = 0): void {
    const key = { name: `host=${host}`, includesHost: (other: string) => other === host };
    const asking = { timeoutMs: 10_000, proxied: false, connectedAt: 0, pointsMax: 1000 };
    const scope = this.cursor.ask(key, this.clock.uptimeMs(), asking);
    const delivery = new Delivery(new Map(), { proxied: false, usesBudget: false });
    this.cursor.sent(scope, delivery, this.clock.uptimeMs(), 1000);
    scope.servedSamples = served;
  }

  /** A body that was read, and the next one, which proves it. */
  take(host: string, served: HostServed): void {
    const connection = new ScrapeConnection('127.0.0.1', 0);
    const asking = { timeoutMs: 10_000, proxied: false, connectedAt: 0, pointsMax: 1000 };
    const key = { name: '', includesHost: () => true };
    const scope = this.cursor.ask(key, this.clock.uptimeMs(), asking);
    const delivery = new Delivery(new Map([[host, served]]), { proxied: false, usesBudget: false });
    this.cursor.sent(scope, delivery, this.clock.uptimeMs(), 1000);
    connection.sent(delivery);
    this.cursor.completed(scope, delivery, this.clock.uptimeMs());
    connection.requested();
    this.cursor.ask(key, this.clock.uptimeMs(), asking);
  }

  async report() {
    const [report] = await this.reports.all();
    assert.ok(report);
    return { lagMinutes: report.lagMs / MINUTE_MS, pending: report.pending };
  }
}

test('lag is the age of the oldest that is not taken, of whatever host', async () => {
  const bench = new Bench();
  assert.deepEqual(await bench.report(), { lagMinutes: 0, pending: 0 });
  bench.append('a', 9, 3, 1);
  bench.append('b', 2);
  assert.deepEqual(await bench.report(), { lagMinutes: 9, pending: 4 });
});

test('what is not in memory is as old as where the cursor began, or was set to', async () => {
  const bench = new Bench();
  bench.append('a', 9, 3, 1);
  bench.log.forgetTail('a', 1);
  bench.cursor.reset(
    new Map([['a', placeAt(bench.log.positionAt('a', 1))]]),
    bench.clock.now() - 4 * MINUTE_MS,
    bench.clock.uptimeMs(),
  );
  assert.deepEqual(await bench.report(), { lagMinutes: 4, pending: 2 });
});

test('hosts that the last scrapes do not ask for are not waited for; what was served is added up', async () => {
  const bench = new Bench();
  for (const host of ['a', 'b', 'c']) bench.append(host, 3);
  bench.ask('a', 10);
  bench.clock.pass(6 * MINUTE_MS);
  bench.ask('b', 20);
  bench.ask('c', 3);
  assert.deepEqual(await bench.report(), { lagMinutes: 9, pending: 2 });
  assert.equal(bench.cursor.servedSamples, 23);
});

test('what lies open before the newest that was taken is what it is behind with', async () => {
  const bench = new Bench();
  bench.append('a', 9, 8, 7, 3, 1);
  bench.log.forgetTail('a', 1);
  const [begin, low, high, end] = [0, 2, 4, 5].map((offset) => bench.log.positionAt('a', offset)) as [
    Position,
    Position,
    Position,
    Position,
  ];
  const at = (minutes: number) => bench.clock.now() - minutes * MINUTE_MS;
  // The newest first, and some of the oldest beside it.
  const ranges = [
    { after: begin, through: low },
    { after: high, through: end },
  ];
  bench.take('a', { ranges, skips: [], newestAt: at(1), throughAt: at(8) });
  assert.deepEqual(await bench.report(), { lagMinutes: 8, pending: 2 });
});

test('a host of which nothing was taken is as old as its log', async () => {
  const bench = new Bench();
  bench.append('a', 40, 3, 1);
  bench.log.forgetTail('a', 1);
  assert.deepEqual(await bench.report(), { lagMinutes: 40, pending: 3 });
});

test('a log that cannot be read hides no report: what is in memory has to do', async () => {
  const bench = new Bench();
  bench.append('a', 40, 3, 1);
  bench.log.forgetTail('a', 1);
  bench.log.readMany = () => Promise.reject(new Error('no'));
  assert.deepEqual(await bench.report(), { lagMinutes: 1, pending: 3 });
});
