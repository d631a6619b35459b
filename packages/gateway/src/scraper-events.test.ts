import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScraperClients } from './exposition/replay/clients.ts';
import { ScrapeConnection } from './exposition/replay/connection.ts';
import { FakeClock, NOW } from './link/test-support.ts';
import { observeScrapers } from './scraper-events.ts';
import { keepLog } from './wiring-test-support.ts';

const HOUR_MS = 3_600_000;
const P = { name: 'p', selection: 'up' };

function bench() {
  const log = keepLog();
  const clock = new FakeClock();
  const clients = new ScraperClients();
  return {
    log,
    clock,
    clients,
    observer: observeScrapers({ log, clients, now: () => clock.now(), uptimeMs: clock.uptimeMs }),
  };
}

test('the life of a scraper', () => {
  const { log, observer } = bench();
  observer.began(P, '10.0.0.1', NOW);
  observer.rewound('p', NOW, '10.0.0.2');
  observer.caughtUp(P, 754_321);
  observer.removed('p', '10.0.0.2');
  observer.gaveWay(P);
  const at = new Date(NOW).toISOString();
  assert.deepEqual(log.lines, [
    `info new scraper {"scraper":"p","selection":"up","address":"10.0.0.1","since":"${at}"}`,
    `info scraper rewound {"scraper":"p","to":"${at}","by":"10.0.0.2"}`,
    'info scraper has caught up {"scraper":"p","selection":"up","wasBehind":"12m34s"}',
    'info scraper removed {"scraper":"p","by":"10.0.0.2"}',
    'info scraper was not seen for long and gave way to a new one {"scraper":"p","selection":"up"}',
  ]);
});

test('what comes with every scrape is told once for each scraper and value', () => {
  const { log, observer } = bench();
  for (let i = 0; i < 10; i++) {
    for (const name of ['p', 'q']) {
      observer.tooMany(name);
      observer.tooManyConnections(name);
      for (const asked of ['window=2h', 'window=3h'])
        observer.capped(name, { asked, given: '50m', flag: '--replay.window' });
    }
  }
  assert.equal(log.lines.length, 8);
  assert.equal(
    log.lines[2],
    'warn a scraper asks for more than it gets; ask for less, or give --replay.window more {"scraper":"p","asked":"window=2h","given":"50m"}',
  );
});

test('that two scrapers use one name is told once an hour, and never of those that have none', () => {
  const { log, clock, observer } = bench();
  const ends = [1, 2].map((host) => new ScrapeConnection(`10.0.0.${host}`, 0));
  const scrape = (name: string | null, proxied: boolean) => {
    for (const [i, connection] of ends.entries()) {
      clock.pass(i === 0 ? 13_000 : 2_000);
      const address = `${connection.address}:900${i}`;
      observer.scraped({
        ...{ name, selection: '', scope: '', connection, address, timeoutMs: 10_000, proxied },
        ...{ agent: 'Prometheus/3.5.3', format: 'openmetrics', takesSeveral: true },
      });
    }
  };
  for (let i = 0; i < 10; i++) scrape(null, false);
  for (let i = 0; i < 10; i++) scrape('p', true);
  assert.deepEqual(log.lines, []);
  for (let ms = 0; ms < 2 * HOUR_MS; ms += 15_000) scrape('p', false);
  assert.equal(log.lines.length, 2);
  assert.match(log.lines[0] ?? '', /^warn two scrapers seem to use one name: .* a scraper= of its own /);
  assert.match(log.lines[0] ?? '', /"scraper":"p","addresses":\["10\.0\.0\.1:9000","10\.0\.0\.2:9001"\]/);
});
