/** Applications on a host: what they push, send over StatsD and report by the helper, seen at the gateway. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createReporting } from '@tributary/shared/report-registry';
import { Counter, Histogram, Registry } from 'prom-client';
import { eventually } from './support/eventually.ts';
import { type Exposition, pick, readExposition } from './support/exposition.ts';
import { stablePort } from './support/ports.ts';
import { Gateway, OPENMETRICS, Reporter } from './support/programs.ts';

const HOST = 'web-1';

interface Setup {
  readonly gateway: Gateway;
  readonly reporter: Reporter;
  readonly pushUrl: string;
  readonly statsd: (packet: string) => Promise<void>;
}

async function setUp(t: TestContext): Promise<Setup> {
  const gateway = await Gateway.start(t);
  const pushPort = await stablePort();
  const statsdPort = await stablePort();
  const reporter = await Reporter.start(t, {
    gatewayUrl: gateway.streamUrl,
    host: HOST,
    args: [
      ...['--push.listen-address', `127.0.0.1:${pushPort}`],
      ...['--statsd.listen-udp', `127.0.0.1:${statsdPort}`, '--statsd.histogram-buckets', '0.1,1'],
      ...['--label', 'env=test'],
    ],
  });
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  const pushUrl = `http://127.0.0.1:${pushPort}`;
  await eventually('the listener is there', async () => (await fetch(`${pushUrl}/-/ready`)).ok);
  const statsd = (packet: string): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(packet, statsdPort, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
    });
  return { gateway, reporter, pushUrl, statsd };
}

/** Waits for a sample of the host at the gateway whose labels include these. */
async function shown(
  gateway: Gateway,
  name: string,
  labels: Readonly<Record<string, string>>,
  isRight: (value: number, at: number) => boolean,
): Promise<Exposition> {
  return await eventually(`${name} ${JSON.stringify(labels)}`, async () => {
    const exposition = readExposition((await gateway.metrics(OPENMETRICS)).body);
    const samples = pick(exposition, name, { host: HOST, env: 'test', ...labels });
    if (samples.length > 1) throw new Error(`there are ${samples.length}: ${JSON.stringify(samples)}`);
    const [sample] = samples;
    if (sample === undefined) return false;
    if (!isRight(sample.value, sample.at ?? 0)) throw new Error(JSON.stringify(sample));
    return exposition;
  });
}

async function push(url: string, method: string, path: string, body?: string): Promise<number> {
  const response = await fetch(`${url}/metrics${path}`, { method, ...(body === undefined ? {} : { body }) });
  await response.text();
  return response.status;
}

test('applications on a host', async (t) => {
  const setup = await setUp(t);
  await t.test('modules report their registries, which know nothing of each other', () =>
    checkModules(setup),
  );
  await t.test('StatsD becomes counters, gauges and histograms', () => checkStatsd(setup));
  await t.test('what is pushed is told until it is deleted, also over a SIGKILL of the reporter', () =>
    checkPushes(setup),
  );
});

async function checkModules({ gateway, pushUrl }: Setup): Promise<void> {
  const errors: Error[] = [];
  const reporting = createReporting({
    url: pushUrl,
    job: 'shop',
    instance: 'shop-1',
    intervalMs: 200,
    onError: (error) => errors.push(error),
  });
  const orders = new Registry();
  const total = new Counter({
    name: 'orders_total',
    help: 'Orders.',
    labelNames: ['kind'],
    registers: [orders],
  });
  const http = new Registry();
  const seconds = new Histogram({
    name: 'http_seconds',
    help: 'Time.',
    buckets: [0.1, 1],
    registers: [http],
  });
  reporting.register('orders', orders);
  reporting.register('http', http);
  reporting.start();
  total.inc({ kind: 'new' }, 2);
  seconds.observe(0.5);
  const exposition = await shown(
    gateway,
    'orders_total',
    { job: 'shop', instance: 'shop-1', kind: 'new' },
    (value) => value === 2,
  );
  assert.deepEqual(exposition.types.get('orders'), ['counter']);
  assert.deepEqual(
    pick(exposition, 'http_seconds_bucket', { job: 'shop' }).map(({ value }) => value),
    [0, 1, 1],
  );
  total.inc({ kind: 'new' }, 5);
  await reporting.stop();
  await shown(gateway, 'orders_total', { job: 'shop' }, (value) => value === 7);
  assert.deepEqual(errors, []);
}

async function checkStatsd({ gateway, statsd }: Setup): Promise<void> {
  const ours = { job: 'statsd', instance: HOST };
  // Until the socket is there, packets are lost without a word.
  await eventually('StatsD is heard', async () => {
    await statsd('ready:1|g');
    return pick(readExposition((await gateway.metrics()).body), 'ready').length === 1;
  });
  await statsd('page.views:1|c|#page:home\npage.views:1|c|@0.5|#page:home\nqueue:7|g\nqueue:-2|g\nnonsense');
  await statsd('db.query:50|ms\ndb.query:500|ms\nusers:ann|s\nusers:bob|s');
  const exposition = await shown(gateway, 'page_views', { ...ours, page: 'home' }, (value) => value === 3);
  await shown(gateway, 'queue', ours, (value) => value === 5);
  await shown(gateway, 'db_query_sum', ours, (value) => Math.abs(value - 0.55) < 1e-9);
  await shown(gateway, 'db_query_bucket', { ...ours, le: '0.1' }, (value) => value === 1);
  await shown(
    gateway,
    'tributary_reporter_statsd_sample_errors_total',
    { reason: 'malformed_line' },
    (value) => value === 1,
  );
  // As docs/APPLICATIONS.md says of counters whose names do not end with _total.
  assert.deepEqual(exposition.types.get('page_views'), ['unknown']);
}

async function checkPushes({ gateway, reporter, pushUrl }: Setup): Promise<void> {
  const body =
    '# TYPE backup_bytes gauge\nbackup_bytes{disk="a"} 42\n# TYPE h histogram\nh_bucket{le="1.0"} 1\nh_sum 1\nh_count 2\n';
  assert.equal(await push(pushUrl, 'PUT', '/job/backup', body), 200);
  assert.equal(await push(pushUrl, 'POST', '/job/backup/instance/nightly/zone/z', 'runs 3\n'), 200);
  assert.equal(await push(pushUrl, 'POST', '/job/node', 'node_load1 99\n'), 400);
  await shown(gateway, 'runs', { job: 'backup', instance: 'nightly', zone: 'z' }, (value) => value === 3);
  const first = await shown(
    gateway,
    'backup_bytes',
    { job: 'backup', instance: HOST, disk: 'a' },
    (value) => value === 42,
  );
  assert.deepEqual(first.types.get('backup_bytes'), ['gauge']);
  assert.deepEqual(first.types.get('h'), ['histogram']);
  assert.deepEqual(
    pick(first, 'h_bucket', { job: 'backup' }).map(({ labels, value }) => [labels['le'], value]),
    [
      ['1', 1],
      ['+Inf', 2],
    ],
  );
  const now = Date.now() / 1000;
  await shown(
    gateway,
    'push_time_seconds',
    { job: 'backup', instance: HOST },
    (value) => Math.abs(value - now) < 60,
  );
  await shown(gateway, 'tributary_reporter_push_groups', {}, (value) => value === 3);
  await shown(
    gateway,
    'tributary_reporter_push_refused_total',
    { reason: 'reserved' },
    (value) => value === 1,
  );

  const file = join(reporter.spoolPath, 'pushed-groups.jsonl');
  await eventually('the groups are on disk', async () => (await readFile(file, 'utf8')).includes('runs 3'));
  await reporter.kill('SIGKILL');
  const killed = Date.now();
  await reporter.restart();
  await shown(gateway, 'backup_bytes', { disk: 'a' }, (value, at) => value === 42 && at > killed);
  await eventually(
    'pushes are taken again',
    async () => (await push(pushUrl, 'DELETE', '/job/backup')) === 202,
  );
  await shown(gateway, 'tributary_reporter_push_groups', {}, (value) => value === 2);
}
