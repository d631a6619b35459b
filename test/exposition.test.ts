/** The two formats of /metrics, judged by programs that are not ours, with two hosts in one body. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { eventually } from './support/eventually.ts';
import { pick, readExposition } from './support/exposition.ts';
import { batch, hello, identity } from './support/frames.ts';
import { promtoolCheck, strictParse } from './support/openmetrics.ts';
import { without } from './support/peers.ts';
import { Gateway, OPENMETRICS, Reporter, TEXT } from './support/programs.ts';
import { WireClient } from './support/wire-client.ts';

const HOSTS = ['web-1', 'web-2'] as const;
/** What Prometheus 2.42 and 3.5 send. */
const ACCEPT_2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const ACCEPT_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

/** A gateway that serves both hosts. What follows only reads from it, so all of it asks the same one. */
async function twoHosts(t: TestContext): Promise<Gateway> {
  const gateway = await Gateway.start(t);
  // Its first answer may come after the first tick, and then for one host only.
  const args = ['--no-collector.timex'];
  await Promise.all(HOSTS.map((host) => Reporter.start(t, { gatewayUrl: gateway.streamUrl, host, args })));
  await eventually('both hosts are served', async () => {
    const { samples } = readExposition((await gateway.metrics()).body);
    // The second tick brings what needs two readings.
    return HOSTS.every((host) => samples.filter(({ labels }) => labels['host'] === host).length > 100);
  });
  return gateway;
}

/** Series of a job without instance, which their lines say. */
async function withoutInstance(t: TestContext, gateway: Gateway): Promise<void> {
  const client = await WireClient.connect(t, gateway.streamUrl);
  client.send(hello(identity('batch-1')));
  await client.next('welcome');
  const families = [{ name: 'last_run', type: 'gauge', help: 'When.', series: [['', {}]] }];
  client.send({ kind: 'shape', id: 1, labels: { job: 'batch', instance: '' }, families });
  client.send(batch(1, { 1: [5] }));
  await client.acked(1);
  const { body } = await gateway.metrics();
  assert.match(body, /^last_run\{instance="",job="batch",host="batch-1"\} 5 /m);
}

test('the two formats of /metrics', async (t) => {
  await using gateway = await twoHosts(t);
  await withoutInstance(t, gateway);

  await t.test('Accept decides the format', async () => {
    const openmetrics = [OPENMETRICS, ACCEPT_2, ACCEPT_3];
    const text = [TEXT, '*/*', 'text/plain', 'text/html,*/*;q=0.8', `${OPENMETRICS};q=0.1,${TEXT};q=0.9`];
    for (const accept of openmetrics) {
      const { status, contentType, body, headers } = await gateway.metrics(accept);
      assert.equal(status, 200);
      assert.match(contentType, /^application\/openmetrics-text; ?version=1\.0\.0; ?charset=utf-8$/i, accept);
      assert.ok(body.endsWith('# EOF\n'), accept);
      assert.equal(headers.get('x-accel-buffering'), 'no');
    }
    for (const accept of text) {
      const { status, contentType, body } = await gateway.metrics(accept);
      assert.equal(status, 200);
      assert.match(contentType, /^text\/plain; ?version=0\.0\.4; ?charset=utf-8$/i, accept);
      assert.ok(!body.includes('# EOF'), accept);
    }
  });

  await t.test('gzip when asked', async () => {
    const encodingFor = async (encoding: string): Promise<string | null> => {
      const response = await fetch(`${gateway.url}/metrics`, { headers: { 'accept-encoding': encoding } });
      // fetch has unpacked it by now, or failed.
      assert.match(await response.text(), /^# /);
      return response.headers.get('content-encoding');
    };
    assert.equal(await encodingFor('gzip'), 'gzip');
    assert.equal(await encodingFor('identity'), null);
    assert.equal(await encodingFor('gzip;q=0'), null);
  });

  await t.test('promtool reads the text form', { skip: without('PROMTOOL') }, async () => {
    const { errors, lint } = await promtoolCheck((await gateway.metrics(TEXT)).body);
    assert.deepEqual(errors, []);
    // node_exporter's own names are as they are, so that its dashboards work; ours are ours to keep clean.
    assert.deepEqual(
      lint.filter(({ metric }) => !metric.startsWith('node_')),
      [],
    );
  });

  await t.test(
    'the strict parser accepts the OpenMetrics form',
    {
      skip: without('PYTHON_PROMETHEUS_CLIENT'),
    },
    async () => {
      const verdict = await strictParse((await gateway.metrics(OPENMETRICS)).body);
      assert.ok(verdict.ok, JSON.stringify(verdict));
      assert.ok(verdict.families > 50);
    },
  );

  for (const [form, accept] of [
    ['text', TEXT],
    ['OpenMetrics', OPENMETRICS],
  ] as const) {
    await t.test(`two hosts, every family once with one HELP and TYPE (${form})`, async () => {
      const exposition = readExposition((await gateway.metrics(accept)).body);
      for (const [family, types] of exposition.types) assert.equal(types.length, 1, `TYPE of ${family}`);
      for (const [family, helps] of exposition.helps) assert.equal(helps.length, 1, `HELP of ${family}`);
      assert.deepEqual(new Set(exposition.types.keys()), new Set(exposition.helps.keys()));
      assert.equal(
        exposition.runs.length,
        new Set(exposition.runs).size,
        'a family is interrupted by another',
      );

      // Both hosts are this machine, so they have the same series.
      const namesOf = (host: string): string[] =>
        [
          ...new Set(
            exposition.samples.filter(({ labels }) => labels['host'] === host).map(({ name }) => name),
          ),
        ].sort();
      assert.deepEqual(namesOf(HOSTS[0]), namesOf(HOSTS[1]));
      for (const host of HOSTS) {
        const [load, ...others] = pick(exposition, 'node_load1', { host });
        assert.deepEqual(load?.labels, { instance: host, job: 'node', host });
        assert.equal(others.length, 0);
        assert.equal(pick(exposition, 'tributary_host_up', { host })[0]?.value, 1);
        assert.equal(pick(exposition, 'up', { host, job: 'node', instance: host })[0]?.value, 1);
      }
      const now = Date.now();
      for (const { name, at } of exposition.samples) {
        if (name.startsWith('node_'))
          assert.ok(at !== undefined && Math.abs(now - at) < 60_000, `${name} at ${at}`);
        if (name.startsWith('tributary_host_') || name === 'up') assert.equal(at, undefined, name);
      }
    });
  }

  await t.test('the API knows both hosts', async () => {
    const hosts = JSON.stringify(await gateway.api('/api/v1/hosts'));
    for (const host of HOSTS) assert.ok(hosts.includes(`"${host}"`), hosts);
    for (const path of ['/-/healthy', '/-/ready'])
      assert.equal((await fetch(gateway.url + path)).status, 200, path);
  });
});
