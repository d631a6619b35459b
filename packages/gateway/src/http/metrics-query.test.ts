import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERYTHING } from '../exposition/select/selection.ts';
import { type MetricsQuery, parseMetricsQuery } from './metrics-query.ts';
import { QueryError } from './query.ts';

const DEFAULTS: MetricsQuery = {
  scraper: null,
  selection: EVERYTHING,
  windowMs: null,
  order: null,
  maxPoints: null,
  maxBytes: null,
  fromWindow: false,
  replay: false,
  proxied: false,
};

test('what is not given is left to the gateway', () => {
  for (const url of ['/metrics', '/metrics?', '/metrics?&', 'http://gateway:9750/metrics?']) {
    assert.deepEqual(parseMetricsQuery(url), DEFAULTS, url);
  }
});

test('every parameter', () => {
  const cases: readonly [query: string, given: Partial<MetricsQuery>][] = [
    ['scraper=prometheus-a.eu_1', { scraper: 'prometheus-a.eu_1' }],
    ['window=50m', { windowMs: 3_000_000 }],
    ['window=1h30m', { windowMs: 5_400_000 }],
    ['order=in-order', { order: 'in-order' }],
    ['order=live-first', { order: 'live-first' }],
    ['max_points=1000000', { maxPoints: 1_000_000 }],
    ['max_points=9007199254740991', { maxPoints: Number.MAX_SAFE_INTEGER }],
    ['max_bytes=64MB', { maxBytes: 64 * 1024 * 1024 }],
    ['from=window', { fromWindow: true }],
    ['replay=1', { replay: true }],
    ['replay=0', {}],
    ['proxied=1', { proxied: true }],
    ['proxied=0&scraper=%61', { scraper: 'a' }],
  ];
  for (const [query, given] of cases) {
    assert.deepEqual(parseMetricsQuery(`/metrics?${query}`), { ...DEFAULTS, ...given }, query);
  }
});

test('the selection, decoded as forms are', () => {
  const { selection } = parseMetricsQuery(
    '/metrics?match[]=up&match%5B%5D=%7Ba+%3D~+%22b%2B%22%7D&host=web-1&host=web-2&shard=0%2F2',
  );
  assert.equal(selection.matches, 'up or {a=~"b+"}');
  assert.equal(selection.scope, 'host=web-1&host=web-2&shard=0/2');
});

const BAD: readonly [query: string, message: string][] = [
  ['match=up', 'unknown parameter "match"; did you mean match[]?'],
  ['Scraper=a', 'unknown parameter "Scraper"; did you mean scraper?'],
  ['maxpoints=1', 'unknown parameter "maxpoints"; did you mean max_points?'],
  ['hosts=a', 'unknown parameter "hosts"; did you mean host?'],
  [
    '=',
    `unknown parameter ""; there are ${'match[], host, scraper, shard, window, order, max_points, '}max_bytes, from, replay, proxied`,
  ],
  ['scraper=a&scraper=b', 'scraper is given 2 times; give it once'],
  ['shard=0/2&shard=1/2', 'shard is given 2 times; give it once'],
  ['scraper=', 'scraper cannot be ""; names are 1 to 64 letters, digits, ".", "-" and "_"'],
  ['scraper=a/b', 'scraper cannot be "a/b"; names are 1 to 64 letters, digits, ".", "-" and "_"'],
  [
    `scraper=${'a'.repeat(65)}`,
    `scraper cannot be "${'a'.repeat(65)}"; names are 1 to 64 letters, digits, ".", "-" and "_"`,
  ],
  ['window=50', 'window cannot be "50"; write a duration such as 50m or 23h'],
  ['window=0', 'window cannot be "0"; write a duration such as 50m or 23h'],
  ['window=-5m', 'window cannot be "-5m"; write a duration such as 50m or 23h'],
  ['order=newest', 'order cannot be "newest"; there are in-order and live-first'],
  ['max_points=0', 'max_points cannot be "0"; write a number from 1 on, without a unit'],
  ['max_points=1e6', 'max_points cannot be "1e6"; write a number from 1 on, without a unit'],
  [
    'max_points=9007199254740993',
    'max_points cannot be "9007199254740993"; write a number from 1 on, without a unit',
  ],
  ['max_bytes=64', 'max_bytes cannot be "64"; write a size such as 64MB'],
  ['max_bytes=0B', 'max_bytes cannot be "0B"; write a size such as 64MB'],
  ['from=start', 'from cannot be "start"; there is from=window'],
  ['replay=yes', 'replay cannot be "yes"; write 1, or leave it out'],
  ['proxied=', 'proxied cannot be ""; write 1, or leave it out'],
  [
    'host=',
    'host "": no name of a host; names are 1 to 253 letters, digits, ".", "-" and "_"; match[] takes patterns',
  ],
  ['shard=4/4', 'shard "4/4": no shard; write I/N with N from 1 to 1024 and I from 0 to N-1, such as 0/4'],
  ['match[]=', 'match[] "": empty; a selector is NAME, NAME{LABEL="VALUE"} or {LABEL="VALUE"}'],
  [
    'match[]=up%7B',
    'match[] "up{": no label\'s name but end at character 4; write LABEL="VALUE", and "}" at the end',
  ],
  [
    'match[]=%7Ba%3D%22%ff%22%7D',
    'match[] "{a=\\"\ufffd\\"}": broken UTF-8 at character 5; encode the query as UTF-8',
  ],
];

test('bad values are refused with what would be right', () => {
  for (const [query, message] of BAD) {
    const thrown = () => parseMetricsQuery(`/metrics?${query}`);
    assert.throws(thrown, (error) => {
      assert.ok(error instanceof QueryError, query);
      assert.equal(error.message, message);
      assert.equal(error.statusCode, 400);
      return true;
    });
  }
});
