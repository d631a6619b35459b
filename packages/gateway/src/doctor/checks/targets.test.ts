import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrometheusFacts, TargetFacts } from '../prometheus-facts.ts';
import {
  clientOf,
  codesOf,
  configOf,
  factsOf,
  gatewayOf,
  MINUTE_MS,
  NOW,
  prometheusOf,
  saidBy,
  scraperOf,
  targetOf,
} from '../test-support.ts';
import { checkTargets } from './targets.ts';

type Target = Partial<TargetFacts> & { readonly query?: string };

const found = (targets: readonly Target[], over: Partial<PrometheusFacts> = {}, gateway = gatewayOf()) =>
  checkTargets(factsOf(gateway, prometheusOf({ targets: targets.map(targetOf), ...over })));

test('no target is this gateway', () => {
  assert.deepEqual(codesOf(found([])), ['NO_SCRAPE_JOB']);
  assert.deepEqual(found([], { silent: ['/api/v1/targets: HTTP 404'] }), []);
  const config = configOf('  http_sd_configs: [{url: http://127.0.0.1:9750/sd}]');
  assert.deepEqual(codesOf(found([], { config })), ['NO_SCRAPE_JOB']);
  assert.deepEqual(
    found([], { config }, gatewayOf({ hosts: [] })),
    [],
    'there is no host to have a target for',
  );
});

test('targets that cannot be scraped are told with what helps', () => {
  for (const [lastError, cure] of [
    ['server returned HTTP status 401 Unauthorized', /credentials_file: scrape\.token/],
    ['Get "http://x": dial tcp: connect: connection refused', /where --web\.listen-address listens/],
    ['context deadline exceeded', /scrape_timeout: 30s/],
    ['x509: certificate signed by unknown authority', /ca_file/],
    ['Get "http://gw:9750/metrics?host=tls:503-label": EOF', /scheme: https/],
    [
      'Get "http://x": dial tcp 10.0.4.1:4013: connect: no route to host',
      /where --web\.listen-address listens/,
    ],
    ['Get "http://x": dial tcp 10.0.4.1:9750: i/o timeout', /where --web\.listen-address listens/],
    ['expected label name or left brace, got "INVALID"', /the page \/targets/],
    ['label_limit exceeded (metric: "up", number of labels: 9, limit: 8)', /the finding on the limit/],
    ['too old sample', /out_of_order_time_window/],
    ['http: server gave HTTP response to HTTPS client', /scheme: http$/],
    ['something new', /the page \/targets/],
  ] as const) {
    const down = found([{ health: 'down', lastError }]);
    assert.deepEqual(codesOf(down), ['TARGET_DOWN'], lastError);
    assert.match(saidBy(down, 'TARGET_DOWN'), cure);
  }
  const many = Array.from({ length: 500 }, (_, i) => ({
    health: 'down',
    lastError: 'EOF',
    query: `scraper=p&host=h${i}`,
  }));
  assert.match(
    saidBy(found(many), 'TARGET_DOWN'),
    /^500 of 500 targets .* 127\.0\.0\.1:9750 for h0, .* and 497 more: EOF/,
  );
});

test('a job that names no scraper', () => {
  assert.deepEqual(codesOf(found([{ query: '' }])), ['JOB_WITHOUT_NAME (note)']);
  assert.deepEqual(codesOf(found([{ query: 'host=a' }, { query: 'host=b' }])), [
    'JOB_WITHOUT_NAME (warning)',
  ]);
  const config = configOf('  authorization: {type: Bearer, credentials: <secret>}');
  assert.deepEqual(found([{ query: '' }], { config }), [], 'its token names it');
});

test('two targets under one name', () => {
  const twice = found([{}, { job: 'other' }]);
  assert.deepEqual(codesOf(twice), ['SCRAPER_NAME_TWICE']);
  assert.match(
    saidBy(twice, 'SCRAPER_NAME_TWICE'),
    /of the jobs "tributary", "other" ask as scraper prometheus.*job "other"\nparams: \{scraper: \[prometheus-2\]\}/s,
  );
  assert.deepEqual(codesOf(found([{ query: 'scraper=p' }, { query: 'scraper=p&host=a' }])), [
    'SCRAPER_NAME_TWICE',
  ]);
  assert.deepEqual(found([{ query: 'scraper=p&host=a' }, { query: 'scraper=p&host=b' }]), []);
  assert.deepEqual(found([{ query: 'scraper=p&shard=0/2' }, { query: 'scraper=p&shard=1/2' }]), []);
  assert.deepEqual(found([{ query: 'scraper=p' }, { query: 'scraper=p&match[]=up' }]), []);
});

test('a proxy that the gateway cannot see', () => {
  const proxies = new Map([['http://127.0.0.1:9750', 'server: nginx']]);
  const untold = found([{}], { proxies });
  assert.deepEqual(codesOf(untold), ['PROXY_UNTOLD']);
  assert.match(saidBy(untold, 'PROXY_UNTOLD'), /\(server: nginx\).*params: \{proxied: \['1'\]\}/s);
  assert.deepEqual(found([{ query: 'scraper=prometheus&proxied=1' }], { proxies }), []);
  const seen = gatewayOf({ scrapers: [scraperOf({ clients: [clientOf({ proxied: true })] })] });
  assert.deepEqual(found([{}], { proxies }, seen), [], 'it was noticed');
});

test('one name that is used twice as often as this Prometheus does', () => {
  const often = (over: Parameters<typeof scraperOf>[0] = {}) =>
    gatewayOf({ scrapers: [scraperOf({ intervalMs: 7_500, ...over })] });
  assert.deepEqual(codesOf(found([{}], {}, often())), ['SCRAPER_NAME_SHARED']);
  assert.deepEqual(found([{}], {}, often({ createdAt: NOW - MINUTE_MS })), [], 'too early to say');
  assert.deepEqual(found([{}], { startedAt: NOW - MINUTE_MS }, often()), [], 'it was restarted');
  assert.deepEqual(
    found(
      [{ query: 'scraper=prometheus&shard=0/2' }, { query: 'scraper=prometheus&shard=1/2' }],
      {},
      often(),
    ),
    [],
  );
});
