/** What proves that a body was taken, and what does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRange, Position } from '../../ledger/ledger.ts';
import { ScrapeConnection } from './connection.ts';
import { Cursor } from './cursor.ts';
import { Delivery, type Skip } from './delivery.ts';
import { placeAt } from './place.ts';
import type { Scope, ScopeKey } from './scopes.ts';

const OVERLAP_MS = 60_000;
const POINTS_MAX = 1_000_000;
const FLEET: ScopeKey = { name: '', includesHost: () => true };
const SHARD: ScopeKey = { name: 'shard=0/2', includesHost: (host: string) => host === 'a' };

/** Every entry has ten samples. */
function at(offset: number): Position {
  return { offset, samples: offset * 10, epoch: 'e', seq: offset };
}

function range(after: number, through: number): LogRange {
  return { after: at(after), through: at(through) };
}

/** Moves on with the benches, so that a connection knows when it began. */
let uptime = 1_000_000;
const connect = () => new ScrapeConnection('127.0.0.1', uptime);

class Bench {
  get now(): number {
    return uptime;
  }

  set now(moment: number) {
    uptime = moment;
  }

  readonly cursor = new Cursor(
    { name: 'p', selection: '' },
    new Map([['a', placeAt(at(0))]]),
    { createdAt: 0, seenAt: 0, takenUntil: 0, uptime: this.now },
    { overlapMs: OVERLAP_MS },
  );

  /** A scrape on a connection, which is sent everything from where it is to begin up to `through`. */
  scrape(
    connection: ScrapeConnection,
    through: number,
    more: { proxied?: boolean; complete?: boolean; skips?: Skip[]; scope?: ScopeKey } = {},
  ): { from: number; scope: Scope; delivery: Delivery } {
    this.now += 15_000;
    connection.requested();
    const scope = this.cursor.ask(more.scope ?? FLEET, this.now, {
      timeoutMs: 10_000,
      proxied: more.proxied ?? false,
      connectedAt: connection.openedAt,
      pointsMax: POINTS_MAX,
    });
    const from = this.taken;
    const served = {
      ranges: [range(from, through)],
      skips: more.skips ?? [],
      newestAt: through * 1000,
      throughAt: 0,
    };
    const delivery = new Delivery(new Map([['a', served]]), {
      proxied: more.proxied ?? false,
      usesBudget: true,
    });
    this.cursor.sent(scope, delivery, this.now, POINTS_MAX);
    connection.sent(delivery);
    if (more.complete ?? true) this.cursor.completed(scope, delivery, this.now);
    return { from, scope, delivery };
  }

  get taken(): number {
    return this.cursor.place('a').taken.offset;
  }
}

test('a body is taken when the same connection brings the same scrape again', () => {
  const bench = new Bench();
  const connection = connect();
  bench.scrape(connection, 5);
  assert.equal(bench.taken, 0);
  bench.scrape(connection, 8);
  assert.equal(bench.taken, 5);
  bench.scrape(connection, 9);
  assert.equal(bench.taken, 8);
});

test('what is not taken is served again', () => {
  const bench = new Bench();
  const connection = connect();
  assert.equal(bench.scrape(connection, 5, { complete: false }).from, 0);
  assert.equal(bench.scrape(connection, 8).from, 0);
  assert.equal(bench.scrape(connection, 9).from, 8);
});

test('a body whose connection ended is not taken, and halves the budget', () => {
  const bench = new Bench();
  const first = connect();
  bench.scrape(first, 5);
  first.closed();
  const { from, scope } = bench.scrape(connect(), 8);
  assert.equal(from, 0);
  assert.equal(bench.taken, 0);
  assert.equal(scope.budget.points(POINTS_MAX), POINTS_MAX / 16);
});

test('another request on the connection proves that it was read, the same scrape that it was stored', () => {
  const bench = new Bench();
  const [first, second] = [connect(), connect()];
  bench.scrape(second, 0, { scope: SHARD });
  bench.scrape(first, 5);
  // Targets of one pool swap their connections: another scrape comes on this one.
  bench.scrape(first, 5, { scope: SHARD });
  assert.equal(bench.taken, 0, 'read, but its own scrape has not come again');
  bench.scrape(second, 8);
  assert.equal(bench.taken, 5);
});

test('the same scrape on another connection proves nothing by itself', () => {
  const bench = new Bench();
  const [first, second] = [connect(), connect()];
  bench.scrape(second, 0, { scope: SHARD });
  bench.scrape(first, 5);
  bench.scrape(second, 8);
  assert.equal(bench.taken, 0);
  // Now the first connection is used again: its body was read, and its scrape has come round since.
  bench.scrape(first, 9);
  assert.equal(bench.taken, 5);
  bench.scrape(second, 9);
  assert.equal(bench.taken, 8, 'what went out last on the first connection is not read yet');
});

test('a new connection is served what was taken in the last minute before the scraper went away', () => {
  const bench = new Bench();
  const connection = connect();
  for (let offset = 1; offset <= 12; offset++) bench.scrape(connection, offset);
  assert.equal(bench.taken, 11);
  // However long it was away: what it lost is what it had stored just before.
  bench.now += 600_000;
  const { from } = bench.scrape(connect(), 20);
  assert.ok(from <= 12 - OVERLAP_MS / 15_000 && from >= 12 - (2 * OVERLAP_MS) / 15_000, `${from}`);
  // A body that is lost now does not make up for it: the next connection is served the same.
  assert.equal(bench.scrape(connect(), 20).from, from);
  assert.equal(bench.taken, from);
});

test('what is told to reporters and saved is as old as the overlap', () => {
  const bench = new Bench();
  const connection = connect();
  for (let offset = 1; offset <= 12; offset++) bench.scrape(connection, offset);
  const safe = bench.cursor.safePlace('a').taken.offset;
  assert.deepEqual(bench.cursor.safePlaces().get('a'), bench.cursor.safePlace('a'));
  assert.ok(safe <= 12 - OVERLAP_MS / 15_000 && safe >= 2, `${safe}`);
});

test('behind a proxy: complete, twice repeated, and again when the overlap has passed', () => {
  const bench = new Bench();
  const scrape = (through: number) => bench.scrape(connect(), through, { proxied: true });
  scrape(1);
  for (let offset = 2; offset <= 3 + OVERLAP_MS / 15_000; offset++) {
    scrape(offset);
    assert.equal(bench.taken, 0, `after ${offset} scrapes`);
  }
  scrape(8);
  assert.equal(bench.taken, 1, 'the last one came a minute after the second repeat');
  scrape(9);
  assert.equal(bench.taken, 2);
});

test('behind a proxy: time alone proves nothing, since all bodies may have been lost in it', () => {
  const bench = new Bench();
  bench.scrape(connect(), 5, { proxied: true });
  bench.now += 600_000;
  const again = bench.scrape(connect(), 8, { proxied: true });
  assert.equal(again.from, 0);
  bench.now += 600_000;
  assert.equal(bench.scrape(connect(), 9, { proxied: true }).from, 0);
  bench.now += 600_000;
  bench.scrape(connect(), 9, { proxied: true });
  assert.equal(bench.taken, 0, 'what had been stored may be lost with the power, while it was away');
  bench.scrape(connect(), 9, { proxied: true });
  assert.equal(bench.taken, 5);
});

test('behind a proxy: a smaller body that came after does not prove a larger one', () => {
  const bench = new Bench();
  bench.scrape(connect(), 50, { proxied: true });
  bench.scrape(connect(), 10, { proxied: true });
  bench.scrape(connect(), 60, { proxied: true });
  bench.now += OVERLAP_MS;
  bench.scrape(connect(), 61, { proxied: true });
  bench.scrape(connect(), 62, { proxied: true });
  assert.equal(bench.taken, 10, 'what all of them held, and no more');
});

test('a step back after a long absence is to where it was before it, whatever is settled then', () => {
  const bench = new Bench();
  const pool = connect();
  // Two jobs on one connection: whatever one sends is read when the other comes.
  const other: ScopeKey = { name: 'shard=1/2', includesHost: () => false };
  let safe = 0;
  for (let offset = 1; offset <= 20; offset++) {
    bench.scrape(pool, offset, { scope: SHARD });
    if (offset === 20) safe = bench.cursor.safePlace('a').taken.offset;
    bench.scrape(pool, 0, { scope: other });
  }
  bench.now += 10 * OVERLAP_MS;
  const { from } = bench.scrape(connect(), 21, { scope: SHARD });
  assert.ok(from <= safe && from > 0, `from ${from}; ${safe} was safe`);
});

test('what was passed over is counted when it is taken, and once', () => {
  const bench = new Bench();
  const connection = connect();
  const skips: Skip[] = [{ reason: 'window', from: 0, to: 25 }];
  bench.scrape(connection, 5, { skips });
  assert.equal(bench.cursor.expired.get('window'), 0);
  bench.scrape(connection, 5, { complete: false });
  assert.equal(bench.cursor.expired.get('window'), 25);
  assert.equal(bench.cursor.takenSamples, 25);
  const other = connect();
  bench.scrape(other, 8, { skips });
  bench.scrape(other, 9);
  assert.equal(bench.cursor.expired.get('window'), 25, 'a repeat counts nothing twice');
  assert.equal(bench.cursor.takenSamples, 55);
});

test('after a rewind nothing that was sent before counts', () => {
  const bench = new Bench();
  const connection = connect();
  bench.scrape(connection, 5);
  bench.scrape(connection, 9);
  bench.cursor.reset(new Map([['a', placeAt(at(2))]]), 0, bench.now);
  assert.ok(bench.cursor.covers('a', bench.now - 1), 'what it has not taken now is kept for it');
  assert.equal(bench.scrape(connection, 9).from, 2);
  bench.scrape(connection, 10);
  assert.equal(bench.taken, 9);
});

test('what a rewind passes over is counted, and once', () => {
  const bench = new Bench();
  const connection = connect();
  bench.scrape(connection, 5);
  bench.scrape(connection, 7);
  const rewind = (offset: number) => bench.cursor.reset(new Map([['a', placeAt(at(offset))]]), 0, bench.now);
  const counts = () => [bench.cursor.takenSamples, bench.cursor.expired.get('rewind')];
  rewind(2);
  assert.deepEqual(counts(), [70, 0], 'what came out whole is taken, and a step back passes nothing over');
  bench.scrape(connection, 7);
  rewind(9);
  assert.deepEqual(counts(), [70, 20]);
  rewind(0);
  bench.scrape(connection, 10);
  rewind(9);
  assert.deepEqual(counts(), [80, 20], 'back and forth');
  bench.scrape(connection, 10);
  bench.scrape(connection, 11);
  assert.deepEqual(counts(), [80, 20]);
});

test('a rewind counts nothing of hosts that the scraper does not ask for', () => {
  const bench = new Bench();
  bench.now += 4_000_000;
  bench.scrape(connect(), 0, { scope: { name: 'host=b', includesHost: (host) => host === 'b' } });
  bench.cursor.reset(new Map(['a', 'b'].map((host) => [host, placeAt(at(3))])), 0, bench.now);
  assert.equal(bench.cursor.expired.get('rewind'), 30);
});

test('a host whose log is gone begins anew, whatever was sent of it', () => {
  const bench = new Bench();
  const connection = connect();
  bench.scrape(connection, 5);
  bench.cursor.forget('a', bench.now, null);
  bench.scrape(connection, 2);
  assert.equal(bench.taken, 0);
});

test('a host that is forgotten while its body is prepared is not in that body', () => {
  const bench = new Bench();
  const connection = connect();
  connection.requested();
  const asking = { timeoutMs: 10_000, proxied: false, connectedAt: bench.now, pointsMax: POINTS_MAX };
  const askedAt = bench.now;
  const scope = bench.cursor.ask(FLEET, askedAt, asking);
  bench.cursor.forget('a', bench.now, null);
  const served = { ranges: [range(0, 5)], skips: [], newestAt: 0, throughAt: 0 };
  const delivery = new Delivery(new Map([['a', served]]), { proxied: false, usesBudget: true });
  bench.cursor.sent(scope, delivery, askedAt, POINTS_MAX);
  connection.sent(delivery);
  bench.cursor.completed(scope, delivery, bench.now);
  bench.scrape(connection, 1);
  assert.equal(bench.taken, 0, 'the name has another log now');
});

test('a scope steps back for a connection that others have used before it', () => {
  const bench = new Bench();
  const first = connect();
  for (let offset = 1; offset <= 12; offset++) bench.scrape(first, offset, { scope: SHARD });
  first.closed();
  bench.now += 60_000;
  const second = connect();
  bench.scrape(second, 0, { scope: { name: 'host=b', includesHost: (host) => host === 'b' } });
  const { from } = bench.scrape(second, 12, { scope: SHARD });
  assert.ok(from <= 12 - OVERLAP_MS / 15_000, `${from}`);
});

test('a host that had nothing taken before steps back to nothing', () => {
  const bench = new Bench();
  bench.cursor.forget('a', 0, null);
  const connection = connect();
  bench.scrape(connection, 5);
  // Another scope's request shows that it was read; the next one of its own comes on a new connection.
  connection.requested();
  connection.closed();
  assert.equal(bench.scrape(connect(), 5).from, 0);
});

test('what is safe of a host does not rise because others are asked for', () => {
  const bench = new Bench();
  const first = connect();
  bench.scrape(first, 5, { scope: SHARD });
  bench.scrape(first, 9, { scope: SHARD });
  first.closed();
  assert.equal(bench.taken, 5);
  for (let i = 0; i < 10; i++)
    bench.scrape(connect(), 0, { scope: { name: 'host=b', includesHost: (host) => host === 'b' } });
  assert.equal(bench.cursor.safePlace('a').taken.offset, 0, 'the shard would step back to there');
  assert.equal(bench.scrape(connect(), 9, { scope: SHARD }).from, 0);
});

test('however many scopes step back, each does so by the overlap and no more', () => {
  const hosts = Array.from({ length: 60 }, (_, i) => `h${i}`);
  let now = 1_000_000;
  const cursor = new Cursor(
    { name: 'p', selection: '' },
    new Map(hosts.map((host) => [host, placeAt(at(0))])),
    { createdAt: 0, seenAt: 0, takenUntil: 0, uptime: now },
    { overlapMs: OVERLAP_MS },
  );
  const scrape = (host: string, connection: ScrapeConnection, through: number) => {
    connection.requested();
    const scope = cursor.ask({ name: `host=${host}`, includesHost: (other) => other === host }, now, {
      timeoutMs: 10_000,
      proxied: false,
      connectedAt: connection.openedAt,
      pointsMax: POINTS_MAX,
    });
    const from = cursor.place(host).taken.offset;
    const served = { ranges: [range(from, through)], skips: [], newestAt: 0, throughAt: 0 };
    const delivery = new Delivery(new Map([[host, served]]), { proxied: false, usesBudget: true });
    cursor.sent(scope, delivery, now, POINTS_MAX);
    connection.sent(delivery);
    cursor.completed(scope, delivery, now);
    return from;
  };
  const old = hosts.map(() => new ScrapeConnection('127.0.0.1', now));
  for (let round = 1; round <= 40; round++) {
    now += 15_000;
    for (const [i, host] of hosts.entries()) scrape(host, old[i] ?? new ScrapeConnection('', now), round);
  }
  now += 100_000;
  for (const host of hosts) {
    const back = 39 - scrape(host, new ScrapeConnection('127.0.0.1', now), 41);
    assert.ok(back >= 4 && back <= 8, `${host} stepped back by ${back}`);
  }
});

test('behind a proxy it moves on however often it is asked', () => {
  for (const everyMs of [1_000, 5_000, 30_000]) {
    const bench = new Bench();
    for (let i = 1; i <= 600_000 / everyMs; i++) {
      bench.now += everyMs - 15_000;
      bench.scrape(connect(), i, { proxied: true });
    }
    assert.ok(bench.taken * everyMs > 600_000 - 3 * OVERLAP_MS, `every ${everyMs} ms: ${bench.taken}`);
  }
});

test('which hosts it covers, by what was asked for', () => {
  const bench = new Bench();
  assert.ok(bench.cursor.covers('c', bench.now), 'at first it may be any');
  bench.now += 1_000_000;
  bench.scrape(connect(), 5, { scope: SHARD });
  bench.scrape(connect(), 5, { scope: { name: 'host=b', includesHost: (host) => host === 'b' } });
  assert.deepEqual(
    ['a', 'b', 'c'].map((host) => bench.cursor.covers(host, bench.now - 60_000)),
    [true, true, false],
  );
  assert.equal(bench.cursor.covers('a', bench.now - 10_000), false, 'not so lately');
});
