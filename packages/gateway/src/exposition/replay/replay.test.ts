/** What a body has, by who asks: the parts together, on a log in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet } from '../../fleet/fleet.ts';
import type { BatchEntry } from '../../ledger/ledger.ts';
import { ShapeRegistry } from '../../link/shape-registry.ts';
import { columnOf, FakeClock, gauges, shapeOf } from '../../link/test-support.ts';
import { ScrapeConnection } from './connection.ts';
import type { Cursor } from './cursor.ts';
import { MemoryLog } from './memory-log-test-support.ts';
import { type Replay, type ReplayRequest, Replays } from './replay.ts';
import { Scrapers } from './scrapers.ts';

const MINUTE_MS = 60_000;
const CLIENT = { timeoutMs: 10_000, takesSeveral: true, proxied: false };
const registry = new ShapeRegistry();
const A = shapeOf(gauges('a', 'b'), {}, registry);

class Bench {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog(this.clock.now() - 86_400_000);
  readonly fleet = new Fleet({
    clock: this.clock,
    uptimeMs: this.clock.uptimeMs,
    staleAfterMs: () => 5 * MINUTE_MS,
    forgetAfterMs: () => 1e12,
  });
  readonly connection = new ScrapeConnection('127.0.0.1', this.clock.uptimeMs());
  readonly scrapers: Scrapers;
  readonly replays: Replays;

  constructor(pointsMax = 1_000_000) {
    const { clock, log, fleet } = this;
    const uptimeMs = clock.uptimeMs;
    const shared = {
      ledger: log,
      clock,
      uptimeMs,
      windowMs: () => 50 * MINUTE_MS,
      pointsMax: () => pointsMax,
      overlapMs: MINUTE_MS,
    };
    const hosts = () => fleet.hosts().map(({ name }) => name);
    this.scrapers = new Scrapers({
      ...shared,
      hosts,
      observer: { began: () => {}, gaveWay: () => {}, tooMany: () => {}, tooManyConnections: () => {} },
      onFault: (error) => assert.fail(String(error)),
    });
    this.replays = new Replays({
      ...shared,
      fleet,
      shapes: registry,
      scrapers: this.scrapers,
      order: () => 'in-order',
    });
  }

  /** Entries of two samples each, which weigh three, so many seconds ago; each one's value is its offset. */
  send(host: string, ...secondsAgo: number[]): void {
    for (const seconds of secondsAgo) {
      const seq = (this.log.tail(host)?.end.seq ?? 0) + 1;
      const at = this.clock.now() - seconds * 1000;
      const groups = [{ shape: A, at, column: columnOf(seq, seq) }];
      const entry = { kind: 'batch', seq, at, contentHash: 1, groups } as const satisfies BatchEntry;
      this.log.append(host, 'e1', [entry]);
      this.fleet.settled(host, [entry]);
    }
  }

  /** Batches without a sample, now. */
  sendEmpty(host: string, count: number): void {
    const at = this.clock.now();
    const entries = Array.from(
      { length: count },
      (_, i) => ({ kind: 'batch', seq: i + 1, at, contentHash: 1, groups: [] }) as const,
    );
    this.log.append(host, 'e1', entries);
    this.fleet.settled(host, entries.slice(-1));
  }

  /** One scrape; what was sent before on the connection is read. */
  async scrape(over: Partial<ReplayRequest> = {}): Promise<Replay> {
    this.clock.pass(15_000);
    this.connection.requested();
    const replay = await this.replays.prepare({
      name: 'p',
      client: CLIENT,
      connection: this.connection,
      selection: '',
      filter: { hiddenOf: () => null },
      scope: { name: '', includesHost: () => true },
      windowMs: null,
      pointsMax: null,
      bytesMax: null,
      order: null,
      fromWindow: false,
      ...over,
    });
    assert.ok(replay !== null);
    replay.completed(0, replay.samples * 100, 1);
    return replay;
  }

  get cursor(): Cursor {
    const [cursor] = this.scrapers.all();
    assert.ok(cursor);
    return cursor;
  }
}

/** By host, the values of the first series, in their order. */
function shown({ input }: Replay): Record<string, number[]> {
  const hosts = input.get(A) ?? [];
  return Object.fromEntries(
    hosts.map(({ host, points }) => [host, points.map(({ column }) => column.values[0] ?? Number.NaN)]),
  );
}

test('every point since the cursor, oldest first, then only what is new', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('web-1', 30, 20, 10);
  bench.send('web-2', 5);
  assert.deepEqual(shown(await bench.scrape()), { 'web-1': [1, 2, 3], 'web-2': [1] });
  bench.send('web-1', 1);
  assert.deepEqual(shown(await bench.scrape()), { 'web-1': [4], 'web-2': [1] });
});

test('what a host sends while a scrape reads does not overtake what was sent before', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('other', 40, 30);
  bench.log.forgetTail('other', 0);
  bench.log.onRead = () => bench.send('web-1', 20, 10);
  assert.deepEqual(shown(await bench.scrape()), { other: [1, 2] });
  assert.deepEqual(shown(await bench.scrape()), { other: [2], 'web-1': [1, 2] });
});

test('entries without samples cost of the budget, too', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.sendEmpty('empty', 200_000);
  bench.send('web-1', 5);
  bench.log.forgetTail('empty', 0);
  const terms = { pointsMax: 20_000 };
  for (let scrape = 1; scrape <= 14; scrape++) {
    assert.deepEqual(shown(await bench.scrape(terms)), { 'web-1': [1] });
    const { offset } = bench.cursor.place('empty').taken;
    assert.ok(offset <= (scrape - 1) * 20_000, `at ${offset} after ${scrape} scrapes`);
  }
  assert.equal(bench.cursor.place('empty').taken.offset, 200_000);
});

test('a host without anything new shows its newest point again, until that is stale', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('web-1', 1);
  for (let i = 0; i < 3; i++) assert.deepEqual(shown(await bench.scrape()), { 'web-1': [1] });
  bench.clock.pass(6 * MINUTE_MS);
  assert.deepEqual(shown(await bench.scrape()), {});
});

test('a client that takes one point of a series gets the newest, and the rest is counted', async () => {
  const bench = new Bench();
  const client = { ...CLIENT, takesSeveral: false };
  await bench.scrape({ client });
  bench.send('web-1', 30, 20, 10);
  assert.deepEqual(shown(await bench.scrape({ client })), { 'web-1': [3] });
  await bench.scrape({ client });
  assert.equal(bench.cursor.expired.get('client'), 4);
  assert.equal(bench.cursor.takenSamples, 2);
});

test('what is older than the window is passed over and counted', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('web-1', 3600, 3500, 60, 5);
  assert.deepEqual(shown(await bench.scrape()), { 'web-1': [3, 4] });
  bench.send('web-1', 1);
  assert.deepEqual(shown(await bench.scrape({ windowMs: 1000 })), {}, 'a narrower one for this scrape');
  await bench.scrape();
  assert.equal(bench.cursor.expired.get('window'), 6);
});

test('a group that is older than its batch is judged by its own time', async () => {
  const bench = new Bench();
  await bench.scrape();
  const at = bench.clock.now();
  const groups = [{ shape: A, at: at - 51 * MINUTE_MS, column: columnOf(1, 1) }];
  const entry = { kind: 'batch', seq: 1, at, contentHash: 1, groups } as const;
  bench.log.append('web-1', 'e1', [entry]);
  bench.fleet.settled('web-1', [entry]);
  assert.deepEqual(shown(await bench.scrape()), {});
  await bench.scrape();
  assert.equal(bench.cursor.expired.get('window'), 2);
});

test('what the ledger no longer has is counted', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('web-1', 300, 200, 100, 50);
  bench.log.trimTo('web-1', 2);
  assert.deepEqual(shown(await bench.scrape()), { 'web-1': [3, 4] });
  await bench.scrape();
  assert.equal(bench.cursor.expired.get('retention'), 4);
});

test('beyond the budget a host that is behind gets its oldest points, and the others all of theirs', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('late', 1000, 900, 800, 700, 600, 5);
  bench.send('live', 2, 1);
  bench.log.forgetTail('late', 1);
  assert.deepEqual(shown(await bench.scrape({ pointsMax: 6 })), { late: [1, 2], live: [1, 2] });
  bench.send('live', 1);
  assert.deepEqual(shown(await bench.scrape({ pointsMax: 6 })), { late: [3, 4], live: [3] });
  assert.deepEqual(shown(await bench.scrape({ pointsMax: 6 })), { late: [5, 6], live: [3] });
});

test('live-first shows the newest at once and the rest beside it', async () => {
  const bench = new Bench();
  const order = 'live-first';
  await bench.scrape({ order });
  bench.send('late', 1000, 900, 800, 700, 600, 5);
  assert.deepEqual(shown(await bench.scrape({ order, pointsMax: 6 })), { late: [1, 2, 6] });
  bench.send('late', 1);
  assert.deepEqual(shown(await bench.scrape({ order, pointsMax: 6 })), { late: [3, 4, 7] });
  assert.deepEqual(shown(await bench.scrape({ order, pointsMax: 6 })), { late: [5] });
});

test('max_bytes takes from the backlog what the live points leave', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('late', 1000, 900, 800, 700, 600);
  bench.send('live', 1);
  // A line is guessed at 120 bytes: room for eight samples, of which two are live; two entries weigh six.
  assert.deepEqual(shown(await bench.scrape({ bytesMax: 1100 })), { late: [1, 2], live: [1] });
});

test('a scope moves its own hosts only', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('web-1', 5);
  bench.send('web-2', 5);
  const scope = { name: 'host=web-1', includesHost: (host: string) => host === 'web-1' };
  assert.deepEqual(shown(await bench.scrape({ scope })), { 'web-1': [1] });
  await bench.scrape({ scope });
  assert.deepEqual(
    [bench.cursor.place('web-1').taken.offset, bench.cursor.place('web-2').taken.offset],
    [1, 0],
  );
});

test('series that are not selected are hidden, and a shape of which none is left is not there', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('web-1', 5);
  const mask = Uint8Array.of(0, 1);
  const replay = await bench.scrape({ filter: { hiddenOf: () => mask } });
  assert.equal(replay.input.get(A)?.[0]?.points[0]?.hidden, mask);
  assert.equal(replay.samples, 1);
  assert.equal((await bench.scrape({ filter: { hiddenOf: () => 'none' } })).input.size, 0);
});

test('while the clock of the gateway is wrong nothing is served and nothing moves', async () => {
  const bench = new Bench();
  await bench.scrape();
  bench.send('web-1', 5);
  bench.clock.step(-3_600_000);
  assert.equal((await bench.scrape()).input.size, 0);
  bench.clock.step(3_600_000);
  assert.deepEqual(shown(await bench.scrape()), { 'web-1': [1] });
});

const PROXIED = { ...CLIENT, proxied: true };

/** Scrapes so often through a proxy, and every host sends before each. */
async function proxied(
  bench: Bench,
  times: number,
  hosts: readonly string[],
  over: Partial<ReplayRequest> = {},
) {
  for (let i = 0; i < times; i++) {
    for (const host of hosts) bench.send(host, 0);
    await bench.scrape({ client: PROXIED, ...over });
  }
}

/** How many entries of a host are not taken. */
function open(bench: Bench, host: string): number {
  return (bench.log.tail(host)?.end.offset ?? 0) - bench.cursor.place(host).taken.offset;
}

test('behind a proxy a cursor that fell behind the window moves on', async () => {
  const bench = new Bench();
  await proxied(bench, 20, ['web-1']);
  for (let i = 0; i < 60; i++) {
    bench.clock.pass(MINUTE_MS);
    bench.send('web-1', 0);
  }
  await proxied(bench, 40, ['web-1']);
  assert.ok(open(bench, 'web-1') < 15, `${open(bench, 'web-1')} are open`);
  assert.ok((bench.cursor.expired.get('window') ?? 0) > 0);
  assert.equal(bench.cursor.expired.get('budget'), 0);
});

test('behind a proxy a backlog beyond the budget goes, with either order, and whoever has to wait for a turn', async () => {
  for (const order of ['in-order', 'live-first'] as const) {
    const bench = new Bench();
    const hosts = Array.from({ length: 12 }, (_, i) => `web-${10 + i}`);
    await proxied(bench, 10, hosts, { order });
    for (const host of hosts)
      bench.send(host, ...Array.from({ length: 40 }, (_, i) => 14 - i / 4).filter((seconds) => seconds > 0));
    await proxied(bench, 150, hosts, { order, pointsMax: 120 });
    for (const host of hosts) assert.ok(open(bench, host) < 15, `${order}: ${open(bench, host)} of ${host}`);
    assert.deepEqual(
      [...bench.cursor.expired.values()].filter((count) => count > 0),
      [],
      order,
    );
  }
});
