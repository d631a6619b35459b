import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recent } from '../recent.ts';
import { codesOf, factsOf, gatewayOf, prometheusOf, recentOf, saidBy, scraperOf } from '../test-support.ts';
import { checkLosses } from './losses.ts';

const LINES = `tributary_host_rejects_total{host="web-1",code="INVALID_LABEL"} 4
tributary_host_rejects_total{host="web-2",code="INVALID_LABEL"} 40
tributary_host_rejects_total{host="web-2",code="FUTURE"} 0
tributary_host_lost_batches_total{host="web-1",reason="spool_full"} 12
tributary_host_lost_batches_total{host="web-1",reason="spool_age"} 0
tributary_host_dropped_samples_total{host="web-1",reason="backwards"} 5
tributary_host_dropped_samples_total{host="web-1",reason="repeat"} 500
tributary_gateway_refusals_total{code="NAME_TAKEN"} 2
tributary_gateway_refusals_total{code="DRAINING"} 2
`;
const expired = new Map([
  ['window', 10],
  ['rewind', 10],
  ['forgotten', 10],
]);

function found(own: string, recent: Partial<Recent> | null = null) {
  const gateway = gatewayOf(
    { scrapers: [scraperOf({ expired: own === '' ? new Map() : expired })] },
    {},
    own,
  );
  const prometheus = recent === null ? null : prometheusOf({ recent: recentOf(recent) });
  return checkLosses(factsOf(gateway, prometheus));
}

test('each kind of loss, with who has it and what to do', () => {
  const losses = found(LINES);
  assert.deepEqual(codesOf(losses), [
    'HOSTS_REJECTED (warning)',
    'SAMPLES_LOST (warning)',
    'SAMPLES_BACKWARDS (warning)',
    'REPORTERS_REFUSED (note)',
    'SAMPLES_EXPIRED (warning)',
  ]);
  assert.match(
    saidBy(losses, 'HOSTS_REJECTED'),
    /^44 batches or groups were rejected with INVALID_LABEL, of web-2, web-1, since the gateway started 1d ago\./,
  );
  assert.match(
    saidBy(losses, 'SAMPLES_LOST'),
    /\(spool_full\), of web-1.*\n.*\n.*\nspool: \{retention: \{size: 1GB\}\}/,
  );
  assert.match(saidBy(losses, 'REPORTERS_REFUSED'), /: NAME_TAKEN 2\..*\n.*\n.*\nNAME_TAKEN: /);
  assert.match(saidBy(losses, 'SAMPLES_EXPIRED'), /^10 samples .* prometheus \(window\)/);
  assert.deepEqual(found(''), []);
});

test('what is over is a note, where Prometheus knows', () => {
  assert.ok(found(LINES, {}).every(({ severity }) => severity === 'note'));
  const restarted = found(LINES, { refused: [{ labels: { code: 'DUPLICATE_HOST' }, value: 1 }] });
  assert.ok(restarted.every(({ severity }) => severity === 'note'));
  const goesOn = found(LINES, {
    rejected: [{ labels: { host: 'web-1', code: 'INVALID_LABEL' }, value: 3 }],
    refused: [{ labels: { code: 'NAME_TAKEN' }, value: 1 }],
  });
  assert.deepEqual(codesOf(goesOn.filter(({ severity }) => severity !== 'note')), [
    'HOSTS_REJECTED (warning)',
    'REPORTERS_REFUSED (warning)',
  ]);
});

test('a longer window is longer than the one that there is', () => {
  const cure = (window: string) => {
    const scrapers = [scraperOf({ expired: new Map([['window', 1]]) })];
    return saidBy(
      checkLosses(factsOf(gatewayOf({ scrapers }, { 'replay.window': window }))),
      'SAMPLES_EXPIRED',
    );
  };
  assert.match(cure('50m'), /replay: \{window: 23h\}\n.*out_of_order_time_window: 1d\}\}$/);
  assert.match(
    cure('23h'),
    /replay: \{window: 1d22h\}\n.*out_of_order_time_window: 1d23h.*\n.*retention: \{time: 1d23h\}\}$/,
  );
});
