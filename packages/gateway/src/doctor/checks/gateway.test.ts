import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examine } from '../doctor.ts';
import { codesOf, factsOf, gatewayOf, prometheusOf, saidBy } from '../test-support.ts';
import { checkGateway } from './gateway.ts';

test('where nothing is wrong nothing is found, with and without Prometheus', () => {
  assert.deepEqual(examine(factsOf()), []);
  assert.deepEqual(examine(factsOf(gatewayOf(), null)), []);
});

test('why it is not ready is told once', () => {
  const found = (over: Parameters<typeof gatewayOf>[0], own = '') =>
    checkGateway(factsOf(gatewayOf({ ready: false, ...over }, {}, own)));
  const full = found({ notReady: 'the ledger cannot commit: database or disk is full' });
  assert.deepEqual(codesOf(full), ['LEDGER_CANNOT_COMMIT']);
  assert.match(saidBy(full, 'LEDGER_CANNOT_COMMIT'), /\(database or disk is full\)/);
  assert.deepEqual(codesOf(checkGateway(factsOf(gatewayOf({}, {}, 'tributary_ledger_healthy 0')))), [
    'LEDGER_CANNOT_COMMIT',
  ]);
  const clock = found({ notReady: "this machine's clock is wrong: most hosts' clocks differ; set it right" });
  assert.deepEqual(codesOf(clock), ['GATEWAY_CLOCK_WRONG']);
  const locked = found({ notReady: 'locked' }, 'tributary_gateway_credentials_readable 0');
  assert.deepEqual(codesOf(locked), ['CREDENTIALS_UNREADABLE']);
  assert.deepEqual(codesOf(found({ notReady: 'starting' })), ['NOT_READY']);
});

test('of three clocks the odd one is found', () => {
  const found = (gateway: number | null, prometheus: number | null) =>
    codesOf(
      examine(
        factsOf(
          gatewayOf({ clockOffsetMs: gateway }),
          prometheus === null ? null : prometheusOf({ clockOffsetMs: prometheus }),
        ),
      ),
    );
  assert.deepEqual(found(60_000, null), ['GATEWAY_CLOCK_DIFFERS (warning)']);
  assert.deepEqual(found(60_000, 60_000), [], 'that of this machine');
  assert.deepEqual(found(60_000, 0), [
    'GATEWAY_CLOCK_DIFFERS (warning)',
    'PROMETHEUS_CLOCK_DIFFERS (warning)',
  ]);
  assert.deepEqual(found(0, -600_000), ['PROMETHEUS_CLOCK_DIFFERS']);
  assert.deepEqual(found(null, 60_000), []);
});

test('a configuration that is not in effect', () => {
  const own =
    'tributary_config_last_reload_successful 0\ntributary_gateway_web_config_last_reload_successful 0\n';
  const gateway = gatewayOf({ restartPending: ['log.format'] }, { 'config.file': '/etc/gateway.yml' }, own);
  const found = checkGateway(factsOf(gateway));
  assert.deepEqual(codesOf(found), [
    'RELOAD_FAILED (warning)',
    'RELOAD_FAILED (warning)',
    'RESTART_PENDING (warning)',
  ]);
  assert.match(saidBy(found, 'RELOAD_FAILED'), /tributary-gateway check-config \/etc\/gateway\.yml/);
  assert.match(saidBy(found, 'RESTART_PENDING'), /^--log\.format has another value/);
});

test('a window that is longer than what is kept', () => {
  const found = checkGateway(factsOf(gatewayOf({}, { 'replay.window': '2d' })));
  assert.deepEqual(codesOf(found), ['WINDOW_LONGER_THAN_RETENTION (warning)']);
  assert.match(
    saidBy(found, 'WINDOW_LONGER_THAN_RETENTION'),
    /--storage\.retention\.time 2d\nstorage: \{retention: \{time: 2d\}\}/,
  );
});

test('what was turned away, and what could not be read', () => {
  const own = `tributary_gateway_connections_refused_total{reason="address"} 3
tributary_gateway_http_refused_total{reason="bad_query"} 2
tributary_gateway_demoted_families 1
`;
  const found = checkGateway(factsOf(gatewayOf({ strange: ['/api/v1/hosts: a page of HTML'] }, {}, own)));
  assert.deepEqual(codesOf(found), [
    'LIMITS_REACHED (note)',
    'REQUESTS_REFUSED (note)',
    'FAMILIES_DISAGREE (note)',
    'GATEWAY_ANSWER_STRANGE (warning)',
  ]);
});
