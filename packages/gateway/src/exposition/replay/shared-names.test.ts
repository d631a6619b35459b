/** When two scrapers of one name are told from one, and what one does that must not look like two. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import { ScrapeConnection } from './connection.ts';
import { SharedNames } from './shared-names.ts';

const INTERVAL_MS = 15_000;
const TIMEOUT_MS = 10_000;

class Bench {
  readonly #names = new SharedNames();
  readonly #ports = new Map<ScrapeConnection, number>();

  connect(): ScrapeConnection {
    const connection = new ScrapeConnection('10.0.0.1', 0);
    this.#ports.set(connection, 1001 + this.#ports.size);
    return connection;
  }

  scrape(
    connection: ScrapeConnection,
    now: number,
    { scope = '', timeoutMs = TIMEOUT_MS } = {},
  ): string[] | null {
    const address = `10.0.0.1:${this.#ports.get(connection)}`;
    return this.#names.scraped(
      { name: 'p', selection: '', scope, connection, address, timeoutMs, proxied: false },
      now,
    );
  }
}

/** Scrapes of two, each with its connection, the second so much later. @returns what was found out, and when */
function twoOf(offsetMs: number, timeoutMs = TIMEOUT_MS) {
  const bench = new Bench();
  const [one, two] = [bench.connect(), bench.connect()];
  for (let round = 0; round < 20; round++) {
    for (const [connection, at] of [
      [one, 0],
      [two, offsetMs],
    ] as const) {
      const found = bench.scrape(connection, round * INTERVAL_MS + at, { timeoutMs });
      if (found !== null) return { found, round };
    }
  }
  return null;
}

test('two that come in turns and out of step are told, after five scrapes of each', () => {
  for (const offsetMs of [200, 2_000, 7_500, 12_000, 14_800])
    assert.deepEqual(twoOf(offsetMs), { found: ['10.0.0.1:1001', '10.0.0.1:1002'], round: 4 }, `${offsetMs}`);
  // With a timeout that tells nothing, unevenness does.
  for (const offsetMs of [200, 5_000, 11_000]) assert.ok(twoOf(offsetMs, 100), `${offsetMs}`);
  assert.equal(twoOf(7_500, 100), null, 'they look like one with half the interval and two connections');
});

test('one with one connection, or with a new one for each that was lost', () => {
  const bench = new Bench();
  let connection = bench.connect();
  for (let i = 0; i < 100; i++) {
    if (i % 3 === 0) {
      connection.closed();
      connection = bench.connect();
    }
    assert.equal(bench.scrape(connection, i * INTERVAL_MS), null);
  }
});

test('one with two targets that swap their connections each time', () => {
  const bench = new Bench();
  const pool = [bench.connect(), bench.connect()] as const;
  for (let i = 0; i < 100; i++) {
    for (const [target, scope] of ['shard=0/2', 'shard=1/2'].entries()) {
      const connection = pool[((i + target) % 2) as 0 | 1];
      // Give or take how punctual it is.
      const at = i * INTERVAL_MS + target * 500 + (i % 4) * 300;
      assert.equal(bench.scrape(connection, at, { scope, timeoutMs: INTERVAL_MS }), null);
    }
  }
});

test('one with many targets, whose connections come as they come', () => {
  const bench = new Bench();
  const random = randomOf(1);
  const pool = Array.from({ length: 3 }, () => bench.connect());
  for (let i = 0; i < 2_000; i++) {
    for (const scope of ['host=a', 'host=b', 'host=c'])
      assert.equal(bench.scrape(random.pick(pool), i * INTERVAL_MS + random.below(1_000), { scope }), null);
  }
});

test('two jobs of different scopes share a name rightly', () => {
  const bench = new Bench();
  const [one, two] = [bench.connect(), bench.connect()];
  for (let i = 0; i < 50; i++) {
    assert.equal(bench.scrape(one, i * INTERVAL_MS, { scope: 'shard=0/2' }), null);
    assert.equal(bench.scrape(two, i * INTERVAL_MS + 100, { scope: 'shard=1/2' }), null);
  }
});

test('one whose other connection has ended is one', () => {
  const bench = new Bench();
  const [one, two] = [bench.connect(), bench.connect()];
  for (let i = 0; i < 4; i++) {
    bench.scrape(one, i * INTERVAL_MS);
    bench.scrape(two, i * INTERVAL_MS + 100);
  }
  bench.scrape(one, 4 * INTERVAL_MS);
  one.closed();
  assert.equal(bench.scrape(two, 4 * INTERVAL_MS + 100), null);
});
