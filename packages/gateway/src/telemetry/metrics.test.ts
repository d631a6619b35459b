import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REFUSALS, REJECT_CODES } from '@tributary/shared/errors';
import { createMetrics, type GatewayProbes } from './metrics.ts';

const PROBES: GatewayProbes = {
  connections: () => 3,
  shapes: () => 4,
  hosts: () => 5,
  medianSkewSeconds: () => null,
  demotedFamilies: () => 0,
  strain: () => ({ level: 1, paceMs: 30_000, memoryLimitBytes: 5 }),
  ledgerLimitBytes: () => 4096,
  credentialsReadable: () => true,
  reload: () => ({ lastReloadSuccessful: true, lastReloadSuccessAt: 1000 }),
  ledger: () => ({ bytes: 1024, entries: 6, oldestAt: 1500, pendingBytes: 7, healthy: false }),
  web: null,
};

async function read(metrics: ReturnType<typeof createMetrics>): Promise<Map<string, string[]>> {
  const families = await metrics.families();
  return new Map(
    families.map(({ name, series }) => [
      name,
      [...series()].map(({ suffix, labels, value }) => `${suffix}${JSON.stringify(labels)} ${value}`),
    ]),
  );
}

test('what happens is counted, by its label', async () => {
  const metrics = createMetrics('1.2.3', PROBES);
  metrics.frame('batch', 100);
  metrics.frame('batch', 50);
  metrics.frame('hello', 10);
  metrics.reject('FUTURE');
  metrics.refusal('RATE');
  metrics.httpRefused('busy');
  metrics.scrapeFailed();
  metrics.commitFailed();
  metrics.trimmed('size', 12);
  const families = await read(metrics);
  assert.deepEqual(families.get('tributary_gateway_frames_total'), [
    '{"kind":"batch"} 2',
    '{"kind":"hello"} 1',
  ]);
  assert.deepEqual(families.get('tributary_gateway_received_bytes_total'), ['{} 160']);
  // Every code has its row from the start, so that increase() sees the first event.
  assert.deepEqual(
    families.get('tributary_gateway_rejects_total'),
    REJECT_CODES.map((code) => `{"code":"${code}"} ${code === 'FUTURE' ? 1 : 0}`),
  );
  assert.deepEqual(
    families.get('tributary_gateway_refusals_total'),
    Object.keys(REFUSALS).map((code) => `{"code":"${code}"} ${code === 'RATE' ? 1 : 0}`),
  );
  const httpRefused = families.get('tributary_gateway_http_refused_total') ?? [];
  assert.ok(httpRefused.includes('{"reason":"busy"} 1') && httpRefused.includes('{"reason":"bad_query"} 0'));
  assert.deepEqual(families.get('tributary_gateway_scrape_failures_total'), ['{} 1']);
  assert.deepEqual(families.get('tributary_ledger_commit_failures_total'), ['{} 1']);
  assert.deepEqual(families.get('tributary_ledger_trimmed_batches_total'), [
    '{"reason":"age"} 0',
    '{"reason":"size"} 12',
  ]);
});

test('what stands is read when it is asked for', async () => {
  const families = await read(createMetrics('1.2.3', PROBES));
  const value = (name: string) => families.get(name)?.join();
  assert.equal(value('tributary_gateway_connections'), '{} 3');
  assert.equal(value('tributary_gateway_shapes'), '{} 4');
  assert.equal(value('tributary_gateway_hosts'), '{} 5');
  assert.equal(value('tributary_gateway_clock_skew_seconds'), '{} NaN');
  assert.equal(value('tributary_ledger_bytes'), '{} 1024');
  assert.equal(value('tributary_ledger_batches'), '{} 6');
  assert.equal(value('tributary_ledger_oldest_timestamp_seconds'), '{} 1.5');
  assert.equal(value('tributary_ledger_pending_bytes'), '{} 7');
  assert.equal(value('tributary_ledger_healthy'), '{} 0');
  assert.equal(
    value('tributary_gateway_build_info'),
    `{"version":"1.2.3","nodeversion":"${process.version}"} 1`,
  );
});

test('histograms come with their buckets, sum and count under the family’s name', async () => {
  const metrics = createMetrics('1.2.3', PROBES);
  metrics.commit(0.003);
  metrics.scrape('text', 0.02);
  const families = await read(metrics);
  const commits = families.get('tributary_ledger_commit_seconds') ?? [];
  assert.equal(commits[0], '_bucket{"le":"0.001"} 0');
  assert.ok(commits.includes('_bucket{"le":"+Inf"} 1'));
  assert.deepEqual(commits.slice(-2), ['_sum{} 0.003', '_count{} 1']);
  assert.ok(families.get('tributary_gateway_scrape_seconds')?.includes('_count{"format":"text"} 1'));
});

test('the process’s own metrics are there, names and types fit, and two gateways do not share them', async () => {
  const metrics = createMetrics('1', PROBES);
  createMetrics('2', PROBES).reject('FUTURE');
  const families = await metrics.families();
  const names = families.map(({ name }) => name);
  assert.ok(
    names.includes('process_resident_memory_bytes') && names.includes('nodejs_eventloop_lag_seconds'),
  );
  assert.equal(new Set(names).size, names.length);
  for (const { name, type } of families) {
    assert.ok(['counter', 'gauge', 'histogram', 'summary'].includes(type), `${name} is a ${type}`);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
  }
  const rejects = [
    ...(families.find(({ name }) => name === 'tributary_gateway_rejects_total')?.series() ?? []),
  ];
  assert.deepEqual(
    rejects.map(({ value }) => value),
    REJECT_CODES.map(() => 0),
  );
});

test('the web configuration and TLS have theirs where there are any', async () => {
  const facts = { lastReloadSuccessful: true, lastReloadSuccessAt: 1500, certificateNotAfter: null };
  const reload = 'tributary_gateway_web_config_last_reload_success';
  const certificate = 'tributary_gateway_tls_certificate_not_after_timestamp_seconds';
  const failures = 'tributary_gateway_tls_handshake_failures_total';
  const named = async (web: GatewayProbes['web']) => {
    const metrics = createMetrics('1.2.3', { ...PROBES, web });
    metrics.handshakeFailed('timeout');
    const families = await read(metrics);
    return [`${reload}ful`, `${reload}_timestamp_seconds`, certificate, failures].map((name) =>
      families.get(name)?.join(),
    );
  };
  assert.deepEqual(await named(null), [undefined, undefined, undefined, undefined]);
  const handshakeFailures = ['closed', 'timeout'];
  assert.deepEqual(await named({ facts: () => facts, handshakeFailures }), [
    '{} 1',
    '{} 1.5',
    undefined,
    undefined,
  ]);
  const bad = { lastReloadSuccessful: false, lastReloadSuccessAt: 2000, certificateNotAfter: 2500 };
  assert.deepEqual(await named({ facts: () => bad, handshakeFailures }), [
    '{} 0',
    '{} 2',
    '{} 2.5',
    '{"reason":"closed"} 0,{"reason":"timeout"} 1',
  ]);
});
