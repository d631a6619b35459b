import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientFacts, ScraperFacts } from '../gateway-facts.ts';
import type { Recent } from '../recent.ts';
import {
  clientOf,
  codesOf,
  factsOf,
  gatewayOf,
  HOUR_MS,
  MINUTE_MS,
  NOW,
  prometheusOf,
  recentOf,
  saidBy,
  scraperOf,
  targetOf,
} from '../test-support.ts';
import { checkScrapers } from './scrapers.ts';

const found = (over: Partial<ScraperFacts>, recent: Partial<Recent> | null = null) =>
  checkScrapers(
    factsOf(
      gatewayOf({ scrapers: [scraperOf(over)] }),
      recent === null ? null : prometheusOf({ recent: recentOf(recent) }),
    ),
  );
const clients = (...all: Partial<ClientFacts>[]) => found({ clients: all.map(clientOf) });

test('nobody scrapes', () => {
  const none = gatewayOf({ scrapers: [] });
  const alone = checkScrapers(factsOf(none, null));
  assert.deepEqual(codesOf(alone), ['NO_SCRAPER']);
  assert.match(
    saidBy(alone, 'NO_SCRAPER'),
    /honor_labels: true\n.*scraper: \[prometheus\].*\n.*credentials_file: .*\n.*targets: \['127\.0\.0\.1:9750'\]/,
  );
  assert.deepEqual(codesOf(checkScrapers(factsOf(none))), ['NO_SCRAPER']);
  const isDown = prometheusOf({ targets: [targetOf({ health: 'down' })] });
  assert.deepEqual(checkScrapers(factsOf(none, isDown)), [], 'the reason is told');
  assert.deepEqual(checkScrapers(factsOf(none, prometheusOf({ targets: [] }))), [], 'the reason is told');
});

test('one that was not seen for long', () => {
  assert.deepEqual(codesOf(found({ seenAt: NOW - MINUTE_MS })), []);
  const gone = found({ seenAt: NOW - 5 * MINUTE_MS, lagMs: HOUR_MS });
  assert.deepEqual(codesOf(gone), ['SCRAPER_GONE (warning)']);
  assert.match(
    saidBy(gone, 'SCRAPER_GONE'),
    /5m ago.*\n.*\n.*\n.*\ncurl -X DELETE -H "Authorization: Bearer \$\(cat admin\.token\)" 'http:\/\/127\.0\.0\.1:9750\/api\/v1\/scrapers\/prometheus'/,
  );
  const open = gatewayOf({ isKnown: false, scrapers: [scraperOf({ seenAt: NOW - HOUR_MS })] });
  assert.match(saidBy(checkScrapers(factsOf(open)), 'SCRAPER_GONE'), /\ncurl -X DELETE 'http/);
  const young = gatewayOf({ startedAt: NOW - MINUTE_MS, scrapers: [scraperOf({ seenAt: NOW - HOUR_MS })] });
  assert.deepEqual(checkScrapers(factsOf(young)), [], 'it may come yet');
  assert.deepEqual(codesOf(found({ scraper: '@10.0.0.9', seenAt: NOW - HOUR_MS })).slice(0, 1), [
    'SCRAPER_GONE (note)',
  ]);
});

test('one that lags, and one that falls further behind', () => {
  assert.deepEqual(codesOf(found({ lagMs: 10 * MINUTE_MS })), ['SCRAPER_LAGS (warning)']);
  assert.deepEqual(codesOf(found({ lagMs: 45 * MINUTE_MS })), ['SCRAPER_LAGS'], 'it is near the window');
  const grows = found(
    { lagMs: 10 * MINUTE_MS },
    { lagSlopes: [{ labels: { scraper: 'prometheus' }, value: 0.9 }] },
  );
  assert.deepEqual(codesOf(grows), ['SCRAPER_LAGS']);
  assert.match(saidBy(grows, 'SCRAPER_LAGS'), /falls further behind/);
});

test('one that takes one point of a series at a time is told why', () => {
  const cure = (over: Partial<ClientFacts>) => {
    const one = clients({ severalPoints: false, ...over });
    assert.deepEqual(codesOf(one), ['SCRAPER_TAKES_ONE_POINT']);
    return saidBy(one, 'SCRAPER_TAKES_ONE_POINT');
  };
  assert.match(cure({ agent: 'Prometheus/2.54.0' }), /\n# update Prometheus/);
  assert.match(cure({ format: 'text' }), /\nscrape_protocols: \[OpenMetrics/);
  assert.match(cure({ agent: 'vm_promscrape', format: 'text' }), /replay: \['1'\].*\nhonor_timestamps: true/);
});

test('a proxy that was noticed, and a scraper without a name', () => {
  assert.deepEqual(codesOf(clients({ proxied: true })), ['PROXY_NOTICED (note)']);
  assert.deepEqual(codesOf(found({ scraper: '@10.0.0.9' })), ['SCRAPER_UNNAMED (note)']);
  assert.deepEqual(codesOf(clients({ proxied: true, lastAt: NOW - 2 * HOUR_MS })), []);
});

test('two under one name', () => {
  const other = { address: '10.0.0.10' };
  const two = clients({}, other);
  assert.deepEqual(codesOf(two), ['SCRAPER_NAME_SHARED']);
  assert.match(saidBy(two, 'SCRAPER_NAME_SHARED'), /10\.0\.0\.9 \(Prometheus\/3\.5\.3\), 10\.0\.0\.10/);
  const moved = { ...other, lastAt: NOW - 2 * MINUTE_MS };
  assert.deepEqual(clients({ firstAt: NOW - MINUTE_MS }, moved), [], 'it has moved');
  assert.deepEqual(clients({}, { ...other, scrapes: 1 }), [], 'somebody tried something');
  assert.deepEqual(
    codesOf(clients({ proxied: true }, other)),
    ['PROXY_NOTICED (note)'],
    'two ways of one proxy',
  );
  const sharedBy = { addresses: ['10.0.0.9:1', '10.0.0.9:2'], at: NOW - MINUTE_MS };
  assert.deepEqual(codesOf(found({ sharedBy })), ['SCRAPER_NAME_SHARED']);
  assert.deepEqual(codesOf(found({ sharedBy: { ...sharedBy, at: NOW - 2 * HOUR_MS } })), []);
});

test('names that are nearly used up', () => {
  const scrapers = Array.from({ length: 60 }, (_, i) => scraperOf({ scraper: `p${i}` }));
  assert.deepEqual(codesOf(checkScrapers(factsOf(gatewayOf({ scrapers }), null))), [
    'SCRAPER_NAMES_NEAR_LIMIT (warning)',
  ]);
});
