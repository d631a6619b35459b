import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readClient } from './client.ts';

const PLAIN = { replay: false, proxied: false };
const scraper = (agent: string, more: Record<string, string> = {}) => ({
  headers: { 'x-prometheus-scrape-timeout-seconds': '10', 'user-agent': agent, ...more },
  httpVersion: '1.1',
});

test('who sends no scrape timeout is no scraper, whatever it is called', () => {
  const headers = { 'user-agent': 'Prometheus/3.5.3' };
  assert.equal(readClient({ headers, httpVersion: '1.1' }, 'openmetrics', PLAIN), null);
});

test('which versions take several points of a series', () => {
  const able = [
    '2.0.0',
    '2.42.0+ds',
    '2.51.2',
    '2.53.3+ds1',
    '2.53.4',
    '2.54.1',
    '2.55.0',
    '3.0.0',
    '3.5.3+ds1',
    '10.1.0',
  ];
  const unable = ['2.52.0', '2.52.1', '2.53.0', '2.53.1', '2.53.2', '2.54.0', '1.8.2'];
  for (const version of able)
    assert.ok(readClient(scraper(`Prometheus/${version}`), 'openmetrics', PLAIN)?.takesSeveral, version);
  for (const version of unable)
    assert.ok(!readClient(scraper(`Prometheus/${version}`), 'openmetrics', PLAIN)?.takesSeveral, version);
  assert.ok(!readClient(scraper('vm_promscrape'), 'openmetrics', PLAIN)?.takesSeveral);
  assert.ok(!readClient(scraper(''), 'openmetrics', PLAIN)?.takesSeveral);
});

test('text has one point a series unless replay=1 says otherwise', () => {
  assert.ok(!readClient(scraper('Prometheus/3.5.3'), 'text', PLAIN)?.takesSeveral);
  assert.ok(readClient(scraper('vm_promscrape'), 'text', { replay: true, proxied: false })?.takesSeveral);
});

test('a proxy is seen by what it leaves behind', () => {
  const proxied = (more: Record<string, string>, httpVersion = '1.1') =>
    readClient({ ...scraper('Prometheus/3.5.3', more), httpVersion }, 'openmetrics', PLAIN)?.proxied;
  assert.equal(proxied({}), false);
  assert.equal(proxied({ connection: 'keep-alive' }), false);
  assert.equal(proxied({}, '1.0'), true);
  for (const [name, value] of Object.entries({
    via: '1.1 nginx',
    forwarded: 'for=10.0.0.1',
    'x-forwarded-for': '10.0.0.1',
    connection: 'close',
  }))
    assert.equal(proxied({ [name]: value }), true, name);
  const told = readClient(scraper('Prometheus/3.5.3'), 'openmetrics', { replay: false, proxied: true });
  assert.equal(told?.proxied, true);
});

test('a timeout that is no number gets a usual one', () => {
  const headers = { 'x-prometheus-scrape-timeout-seconds': 'soon' };
  assert.equal(readClient({ headers, httpVersion: '1.1' }, 'text', PLAIN)?.timeoutMs, 10_000);
});
