import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetFacts } from '../prometheus-facts.ts';
import {
  codesOf,
  configOf,
  factsOf,
  gatewayOf,
  hostOf,
  prometheusOf,
  saidBy,
  targetOf,
} from '../test-support.ts';
import { checkJobLimits } from './job-limits.ts';

function found(job: string, ...targets: readonly (Partial<TargetFacts> & { readonly query?: string })[]) {
  const all = targets.length === 0 ? [targetOf()] : targets.map(targetOf);
  const hosts = Array.from({ length: 10 }, (_, i) => hostOf({ host: `h${i}` }));
  return checkJobLimits(factsOf(gatewayOf({ hosts }), prometheusOf({ config: configOf(job), targets: all })));
}

test('sample_limit, unless what is asked for stays below', () => {
  const may = found('  sample_limit: 50000');
  assert.deepEqual(codesOf(may), ['SAMPLE_LIMIT (warning)']);
  assert.match(saidBy(may, 'SAMPLE_LIMIT'), /\nsample_limit: 0 .*\n.*params: \{max_points: \['20000'\]\}/);
  assert.deepEqual(found('  sample_limit: 50000', { query: 'max_points=20000' }), []);
  const lastError = 'sample limit exceeded';
  const does = found('  sample_limit: 50000', { query: 'max_points=20000', lastError, health: 'down' });
  assert.deepEqual(codesOf(does), ['SAMPLE_LIMIT']);
  assert.match(saidBy(does, 'SAMPLE_LIMIT'), /failed just now: sample limit exceeded/);
});

test('body_size_limit, likewise', () => {
  const may = found('  body_size_limit: 10MiB');
  assert.deepEqual(codesOf(may), ['BODY_SIZE_LIMIT (warning)']);
  assert.match(saidBy(may, 'BODY_SIZE_LIMIT'), /10 MB, .*max_bytes: \[5MB\]/s);
  assert.deepEqual(found('  body_size_limit: 10MB', { query: 'max_bytes=8MB' }), []);
  assert.deepEqual(codesOf(found('  body_size_limit: 10MB', { lastError: 'body size limit exceeded' })), [
    'BODY_SIZE_LIMIT',
  ]);
});

test('limits of labels below those of the gateway', () => {
  assert.deepEqual(codesOf(found('  label_limit: 30\n  label_value_length_limit: 200')), [
    'LABEL_LIMIT (warning)',
    'LABEL_LIMIT (warning)',
  ]);
  assert.deepEqual(
    found('  label_limit: 100\n  label_name_length_limit: 256\n  label_value_length_limit: 4096'),
    [],
  );
});

test('target_limit with a target for each host', () => {
  const each = { query: 'scraper=p&host=h1' };
  assert.deepEqual(codesOf(found('  target_limit: 10', each)), ['TARGET_LIMIT (warning)']);
  assert.deepEqual(found('  target_limit: 10'), []);
  assert.deepEqual(found('  target_limit: 100', each), []);
  assert.deepEqual(
    codesOf(found('  target_limit: 5', { ...each, lastError: 'target_limit exceeded (10 > 5)' })),
    ['TARGET_LIMIT'],
  );
});

test('a scrape that is nearly too long', () => {
  const slow = found('', { lastScrapeSeconds: 9 });
  assert.deepEqual(codesOf(slow), ['SCRAPE_SLOW (warning)']);
  assert.match(
    saidBy(slow, 'SCRAPE_SLOW'),
    /took 9\.0 s of its 10s.*scrape_interval: 20s\nscrape_timeout: 20s/s,
  );
  assert.deepEqual(found('', { lastScrapeSeconds: 2 }), []);
});
