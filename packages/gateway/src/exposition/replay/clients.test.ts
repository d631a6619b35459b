import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScraperClients, type SeenScrape } from './clients.ts';
import { ScrapeConnection } from './connection.ts';

const SCRAPE: Omit<SeenScrape, 'name' | 'address'> = {
  ...{ selection: 'up', scope: '', connection: new ScrapeConnection('10.0.0.1', 0), timeoutMs: 10_000 },
  ...{ agent: 'Prometheus/3.5.3', takesSeveral: true, proxied: false },
  format: 'openmetrics',
};

test('the last client is first, with what it can take, and a new connection is no new client', () => {
  const clients = new ScraperClients();
  clients.scraped('p', { ...SCRAPE, address: '10.0.0.1:100' }, 1);
  clients.scraped('p', { ...SCRAPE, address: '10.0.0.2:100' }, 2);
  clients.scraped('p', { ...SCRAPE, address: '10.0.0.1:200' }, 3);
  const told = { agent: 'Prometheus/3.5.3', format: 'openmetrics', takesSeveral: true, proxied: false };
  assert.deepEqual(clients.of('p', 'up').clients, [
    { address: '10.0.0.1', ...told, scrapes: 2, firstAt: 1, lastAt: 3 },
    { address: '10.0.0.2', ...told, scrapes: 1, firstAt: 2, lastAt: 2 },
  ]);
  assert.deepEqual(clients.of('p', ''), { clients: [], shared: null });
});

test('little is remembered', () => {
  const clients = new ScraperClients();
  for (let i = 0; i < 3000; i++) {
    clients.scraped(`p${i}`, { ...SCRAPE, address: '10.0.0.1:1' }, i);
    clients.scraped('p', { ...SCRAPE, address: `10.0.${i >> 8}.${i & 255}:1`, agent: 'x'.repeat(9999) }, i);
  }
  assert.equal(clients.of('p0', 'up').clients.length, 0);
  assert.deepEqual(
    clients.of('p', 'up').clients.map(({ agent, lastAt }) => [agent.length, lastAt]),
    [2999, 2998, 2997, 2996].map((at) => [200, at]),
  );
});

test('that two share a name is kept', () => {
  const clients = new ScraperClients();
  clients.shared('p', 'up', ['a', 'b'], 1);
  assert.equal(clients.of('p', 'up').shared, null);
  clients.scraped('p', { ...SCRAPE, address: '10.0.0.1:1' }, 1);
  clients.shared('p', 'up', ['a', 'b'], 2);
  clients.scraped('p', { ...SCRAPE, address: '10.0.0.1:1' }, 3);
  assert.deepEqual(clients.of('p', 'up').shared, { addresses: ['a', 'b'], at: 2 });
});
