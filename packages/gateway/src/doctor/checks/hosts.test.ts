import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayFacts, HostFacts } from '../gateway-facts.ts';
import { codesOf, factsOf, gatewayOf, hostOf, MINUTE_MS, NOW, saidBy } from '../test-support.ts';
import { checkHosts } from './hosts.ts';

const found = (hosts: readonly Partial<HostFacts>[], over: Partial<GatewayFacts> = {}, flags = {}) =>
  checkHosts(factsOf(gatewayOf({ hosts: hosts.map(hostOf), ...over }, flags)));

test('nobody is there', () => {
  assert.deepEqual(codesOf(found([])), ['NO_HOSTS (warning)']);
  assert.deepEqual(codesOf(found([], { strange: ['/api/v1/hosts'] })), [], 'nobody knows');
  const url = new URL('https://gateway.example.org:9750');
  assert.match(saidBy(found([], { url }), 'NO_HOSTS'), /--gateway\.url wss:\/\/gateway\.example\.org:9750/);
});

test('hosts that are not there are summed up, the last to go first', () => {
  const down = Array.from({ length: 3000 }, (_, i) => ({
    host: `h${i}`,
    up: false,
    connected: i === 2999,
    lastSampleAt: i === 0 ? null : NOW - (3000 - i) * 1000,
  }));
  const text = saidBy(found([{}, ...down]), 'HOSTS_DOWN');
  assert.match(
    text,
    /^3000 of 3001 hosts are not there: h2999 \(connected, last sample 1s ago\), h2998 .* and 2995 more\./,
  );
  assert.ok(text.length < 1000);
});

test('hosts that share an identity, now', () => {
  const rival = { times: 3, lastAt: NOW - MINUTE_MS, address: '10.0.0.2' };
  const shared = found([{ refused: rival }]);
  assert.deepEqual(codesOf(shared), ['HOSTS_SHARE_IDENTITY']);
  assert.match(saidBy(shared, 'HOSTS_SHARE_IDENTITY'), /web-1 \(10\.0\.0\.1 and 10\.0\.0\.2\)/);
  assert.deepEqual(codesOf(found([{ returned: { ...rival, times: 1 } }])), ['HOSTS_SHARE_IDENTITY']);
  assert.deepEqual(codesOf(found([{ refused: { ...rival, times: 2 } }])), [], 'a restart');
  assert.deepEqual(codesOf(found([{ refused: { ...rival, lastAt: NOW - 60 * MINUTE_MS } }])), [], 'over');
});

test('clocks', () => {
  const off = found([
    { clockSkewMs: -90_000 },
    { host: 'b', clockSkewMs: 3_600_000 },
    { clockSkewMs: 1e9, connected: false },
  ]);
  assert.deepEqual(codesOf(off), ['HOST_CLOCKS_DIFFER (warning)']);
  assert.match(
    saidBy(off, 'HOST_CLOCKS_DIFFER'),
    /^2 hosts have .*: b \(1h ahead\), web-1 \(1m30s behind\)\./,
  );
});

test('limits, one finding for each', () => {
  const limited = found([{ limits: ['new_series'] }, { host: 'b', limits: ['new_series', 'pings'] }]);
  assert.deepEqual(codesOf(limited), ['HOSTS_LIMITED (warning)', 'HOSTS_LIMITED (warning)']);
  assert.match(
    saidBy(limited, 'HOSTS_LIMITED'),
    /2 hosts are over the limit new_series: web-1, b\.\nThey are slowed/,
  );
});

test('what is near a limit', () => {
  assert.deepEqual(codesOf(found([{ series: 19_000 }])), ['HOSTS_NEAR_SERIES_LIMIT (warning)']);
  const many = found(
    Array.from({ length: 19 }, (_, i) => ({ host: `h${i}` })),
    { own: gatewayOf({}, {}, 'tributary_gateway_connections 95').own },
    { 'limits.hosts': '20', 'web.max-connections': '100' },
  );
  assert.deepEqual(codesOf(many), ['HOSTS_NEAR_LIMIT (warning)', 'CONNECTIONS_NEAR_LIMIT (warning)']);
  assert.match(saidBy(many, 'HOSTS_NEAR_LIMIT'), /limits: \{hosts: 40\}/);
});
