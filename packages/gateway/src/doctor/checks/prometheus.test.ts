import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrometheusFacts } from '../prometheus-facts.ts';
import { codesOf, factsOf, gatewayOf, prometheusOf, saidBy } from '../test-support.ts';
import { cannotAsk, checkPrometheus } from './prometheus.ts';

const found = (over: Partial<PrometheusFacts>) => checkPrometheus(factsOf(gatewayOf(), prometheusOf(over)));

test('versions that cannot take several points of a series', () => {
  for (const version of ['2.52.0', '2.53.2+ds1', '2.54.0'])
    assert.deepEqual(codesOf(found({ version })), ['PROMETHEUS_VERSION'], version);
  for (const version of ['2.42.0+ds', '2.51.2', '2.53.3', '2.54.1', '2.55.0', '3.0.0', 'main'])
    assert.deepEqual(found({ version }), [], version);
});

test('a configuration that is not in effect, a short retention, and a feature', () => {
  assert.deepEqual(codesOf(found({ reloadSuccessful: false })), ['PROMETHEUS_RELOAD_FAILED (warning)']);
  const short = found({ flags: new Map([['storage.tsdb.retention.time', '30m']]) });
  assert.deepEqual(codesOf(short), ['PROMETHEUS_RETENTION_SHORT (warning)']);
  assert.match(saidBy(short, 'PROMETHEUS_RETENTION_SHORT'), /replay: \{window: 30m\}/);
  assert.deepEqual(
    found({ flags: new Map([['storage.tsdb.retention.time', '0s']]) }),
    [],
    'the default of 2.x',
  );
  const flags = new Map([['enable-feature', 'exemplar-storage,created-timestamp-zero-ingestion']]);
  assert.deepEqual(codesOf(found({ flags })), ['CREATED_SERIES_LOST (note)']);
});

test('what it does not tell', () => {
  const silent = found({ config: null, silent: ['/api/v1/status/config: HTTP 404'] });
  assert.deepEqual(codesOf(silent), ['PROMETHEUS_PARTLY_SILENT (note)']);
});

test('one that cannot be asked', () => {
  const url = new URL('https://p.example.org:9090');
  const say = (trouble: 'unreachable' | 'refused' | 'strange', message: string, status = 0) =>
    cannotAsk({ url, trouble, message, status }, false);
  assert.equal(
    say('unreachable', 'https://p.example.org:9090 cannot be found').code,
    'PROMETHEUS_UNREACHABLE',
  );
  assert.match(
    saidBy(
      [say('unreachable', 'it shows a certificate of an authority that is not known here')],
      'PROMETHEUS_UNREACHABLE',
    ),
    /--prometheus\.ca-file/,
  );
  assert.match(
    saidBy([say('refused', '', 401)], 'PROMETHEUS_REFUSES'),
    /HTTP 401\).*\nIt wants a credential\..*\n.*\n.*--prometheus\.username/,
  );
  assert.match(
    saidBy([say('strange', 'HTTP 200 and a page of HTML', 200)], 'PROMETHEUS_STRANGE'),
    /a page of HTML/,
  );
});
