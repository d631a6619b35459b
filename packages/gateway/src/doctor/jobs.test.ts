import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedBy, targetsOf } from './jobs.ts';
import { gatewayOf, scraperOf, targetOf } from './test-support.ts';

const at = (url: string, job = 'tributary') =>
  targetOf({ url: new URL(url), job, instance: new URL(url).host });
const here = at('http://localhost:9750/metrics?scraper=a');
const there = at('http://10.0.0.1:9750/metrics?scraper=prometheus', 'there');
const named = at('http://10.0.0.2:80/metrics', 'named');

test('targets are those at the address, else those with the name, else those that bring such series', () => {
  const jobs = (targets: (typeof here)[], flags = {}, job = '', instances: string[] = []) =>
    targetsOf(targets, gatewayOf({}, flags), new Set(instances), job).map((target) => target.job);
  assert.deepEqual(jobs([here, there, named]), ['tributary']);
  assert.deepEqual(jobs([here, there], { 'web.external-url': 'http://10.0.0.1:9750' }), [
    'tributary',
    'there',
  ]);
  assert.deepEqual(jobs([there, named]), ['there']);
  assert.deepEqual(jobs([named], {}, '', ['10.0.0.2:80', '10.0.0.2']), ['named']);
  assert.deepEqual(jobs([named]), []);
  assert.deepEqual(jobs([here, there, named], {}, 'named'), ['named']);
});

test('one without a name is no name to go by', () => {
  const gateway = gatewayOf({ scrapers: [scraperOf({ scraper: '@10.0.0.9' })] });
  assert.deepEqual(targetsOf([named], gateway, new Set(), ''), []);
});

test('what a target asks for', () => {
  const query =
    'scraper=p&match[]=b&match[]=a&shard=0/2&window=2h&max_points=5&max_bytes=1MB&replay=1&proxied=1&order=live-first';
  assert.deepEqual(askedBy(targetOf({ query })), {
    scraper: 'p',
    matches: 'a\nb',
    hosts: '0/2',
    windowMs: 7_200_000,
    pointsMax: 5,
    bytesMax: 1_048_576,
    order: 'live-first',
    replays: true,
    proxied: true,
  });
});
