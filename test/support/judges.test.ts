/** The judges must be able to find fault: each is shown a good body and a bad one. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { describe } from 'node:test';
import { eventually } from './eventually.ts';
import { promtoolCheck, strictParse } from './openmetrics.ts';
import { without } from './peers.ts';
import { Prometheus, type PrometheusPeer } from './prometheus.ts';

const VERSIONS: readonly PrometheusPeer[] = ['PROMETHEUS_3', 'PROMETHEUS_2_53', 'PROMETHEUS_2_42'];

test('the strict parser tells good from bad', { skip: without('PYTHON_PROMETHEUS_CLIENT') }, async () => {
  const good = '# TYPE a counter\n# HELP a x\na_total{host="é"} 1 1.5\n# EOF\n';
  assert.deepEqual(await strictParse(good), { ok: true, families: 1 });
  assert.equal((await strictParse(good.replace('# EOF\n', ''))).ok, false);
  assert.equal((await strictParse('# TYPE a counter\na 1\n# EOF\n')).ok, false);
});

test('promtool tells good from bad, and both from remarks', { skip: without('PROMTOOL') }, async () => {
  assert.deepEqual(await promtoolCheck('# HELP a_bytes x\n# TYPE a_bytes gauge\na_bytes 1 1000\n'), {
    errors: [],
    lint: [],
  });
  assert.deepEqual(await promtoolCheck('# TYPE a gauge\na 1\n'), {
    errors: [],
    lint: [{ metric: 'a', remark: 'no help text' }],
  });
  assert.equal((await promtoolCheck('a{ 1\n')).errors.length, 1);
});

describe('a real Prometheus', { concurrency: true }, () => {
  for (const version of VERSIONS) {
    test(`${version} scrapes, answers queries and warns`, { skip: without(version) }, async (t) => {
      const server = createServer((request, response) => {
        const now = Date.now();
        const good = `answer{host="a"} 42 ${now}\n`;
        const bad = request.url?.startsWith('/bad') ? `answer{host="a"} 43 ${now - 5000}\n` : '';
        response.setHeader('content-type', 'text/plain; version=0.0.4');
        response.end(good + bad);
      });
      t.after(() => {
        server.close();
        server.closeAllConnections();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const targets = [`127.0.0.1:${(server.address() as AddressInfo).port}`];

      await using good = await Prometheus.start(t, {
        version,
        jobs: [{ job: 'good', targets, params: { scraper: ['a'] } }],
      });
      await using bad = await Prometheus.start(t, {
        version,
        jobs: [{ job: 'bad', targets, path: '/bad', honorLabels: true }],
      });
      const [series] = await eventually('three points', async () => {
        const found = await good.stored('answer', '1m');
        return (found[0]?.points.length ?? 0) >= 3 && found;
      });
      assert.equal(series?.labels['host'], 'a');
      assert.ok(series.points.every((point) => point.value === 42));
      assert.equal((await good.instant('up{job="good"}'))[0]?.points[0]?.value, 1);
      const [target] = await good.targets();
      assert.deepEqual([target?.job, target?.health, target?.lastError], ['good', 'up', '']);
      assert.match(target?.scrapeUrl ?? '', /\/metrics\?scraper=a$/);
      await eventually('a warning', () => bad.warnings().length > 0);
      assert.deepEqual(good.warnings(), []);
    });
  }
});
