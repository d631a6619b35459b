import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { columnOf, gauges, helloOf, NOW, shapeOf } from '../link/test-support.ts';
import { startHttp } from './http-test-support.ts';

test('health, readiness and the landing page', async (t) => {
  const bench = await startHttp(t);
  assert.deepEqual(await bench.ask('/-/healthy').then(({ status, text }) => [status, text]), [
    200,
    'Tributary gateway is Healthy.\n',
  ]);
  const ready = await bench.ask('/-/ready');
  assert.deepEqual([ready.status, ready.text], [200, 'Tributary gateway is Ready.\n']);
  assert.equal(ready.headers['content-type'], 'text/plain; charset=utf-8');
  bench.notReady = 'the ledger cannot commit: disk full';
  const not = await bench.ask('/-/ready');
  assert.deepEqual(
    [not.status, not.text],
    [503, 'Tributary gateway is not Ready: the ledger cannot commit: disk full\n'],
  );
  assert.equal((await bench.ask('/-/healthy')).status, 200);
  const page = await bench.ask('/');
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.text, /Version 1\.2\.3/);
  for (const [, path = ''] of page.text.matchAll(/href="([^"]+)"/g)) {
    assert.notEqual((await bench.ask(path)).status, 404, path);
  }
});

test('a plain request where reporters connect says what is missing', async (t) => {
  const bench = await startHttp(t);
  const { status, headers, text } = await bench.ask('/v1/stream');
  assert.deepEqual([status, headers['upgrade']], [426, 'websocket']);
  assert.match(text, /by WebSocket; does a proxy in between pass Upgrade on\?/);
});

test('offers of other protocols than WebSocket are left unheeded', async (t) => {
  const bench = await startHttp(t);
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
  const { status, text } = await bench.ask('/-/healthy', { headers });
  assert.deepEqual([status, text], [200, 'Tributary gateway is Healthy.\n']);
  assert.equal((await bench.ask('/v1/stream', { headers })).status, 426);
});

test('the API tells of the hosts, in Prometheus’s envelope', async (t) => {
  const bench = await startHttp(t);
  const { fleet } = bench;
  const long = `${'x'.repeat(250)}.-_`;
  fleet.opened(helloOf({ host: long }), '10.0.0.1:5', 7);
  fleet.opened(helloOf({ host: 'web-1' }), '10.0.0.1:5', 0);
  fleet.settled('web-1', [
    {
      kind: 'batch',
      seq: 9,
      at: NOW,
      contentHash: 1,
      groups: [{ shape: shapeOf(gauges('a')), at: NOW, column: columnOf(1) }],
    },
    {
      kind: 'tombstone',
      seq: 10,
      lastSeq: 11,
      fromAt: 1000,
      at: Number.MAX_SAFE_INTEGER,
      reason: 'gap:x',
      contentHash: 0,
    },
  ]);
  fleet.rejected('web-1', 'FUTURE');
  fleet.limited('web-1', 'series');
  fleet.slowed('web-1', 'samples', 1500);
  const list = JSON.parse((await bench.ask('/api/v1/hosts')).text);
  assert.equal(list.status, 'success');
  assert.deepEqual(
    list.data.map(({ host, up }: { host: string; up: boolean }) => [host, up]),
    [
      ['web-1', true],
      [long, false],
    ],
  );
  const at = new Date(NOW).toISOString();
  assert.deepEqual(
    list.data.map(({ limited }: { limited: unknown }) => limited),
    [['series', 'samples'].map((limit) => ({ limit, since: at, last: at })), []],
  );
  const one = await bench.ask('/api/v1/hosts/web-1');
  assert.equal(one.headers['content-type'], 'application/json; charset=utf-8');
  const { data } = JSON.parse(one.text);
  assert.deepEqual(
    [data.seq, data.series, data.samples, data.lastSample, data.rejected, data.lostBatches.x],
    [11, 1, 1, new Date(NOW).toISOString(), { FUTURE: 1 }, 2],
  );
  assert.deepEqual([data.limitedTimes, data.slowedMs], [{ series: 1 }, { samples: 1500 }]);
  // A time that no date can be must not cost the answer.
  assert.deepEqual(data.gaps, [
    { fromSeq: 10, toSeq: 11, reason: 'x', from: '1970-01-01T00:00:01.000Z', to: null },
  ]);
  assert.equal(JSON.parse((await bench.ask(`/api/v1/hosts/${long}`)).text).data.clockSkewMs, 7);
  const nobody = await bench.ask('/api/v1/hosts/nobody');
  assert.equal(nobody.status, 404);
  assert.deepEqual(JSON.parse(nobody.text), {
    status: 'error',
    errorType: 'not_found',
    error: 'no such host; see /api/v1/hosts',
  });
});

test('a host that is not connected can be forgotten', async (t) => {
  const bench = await startHttp(t);
  const { fleet, told } = bench;
  const remove = async (name: string) => {
    const { status, text } = await bench.ask(`/api/v1/hosts/${name}`, { method: 'DELETE' });
    return [status, JSON.parse(text)];
  };
  fleet.opened(helloOf({ host: 'web-1' }), '10.0.0.1:5', 0);
  const error = 'web-1 is connected and would come back at once; stop its reporter first';
  assert.deepEqual(await remove('web-1'), [409, { status: 'error', errorType: 'conflict', error }]);
  fleet.closed('web-1');
  assert.deepEqual(await remove('web-1'), [200, { status: 'success', data: null }]);
  assert.deepEqual(told, ['forget web-1: host was deleted and is forgotten, by 127.0.0.1']);
  assert.deepEqual(await remove('nobody'), [
    404,
    { status: 'error', errorType: 'not_found', error: 'no such host; see /api/v1/hosts' },
  ]);
});

test('the API tells how the gateway stands', async (t) => {
  const bench = await startHttp(t);
  bench.fleet.opened(helloOf(), '', 0);
  const groups = [{ shape: shapeOf(gauges('a')), at: NOW, column: columnOf(1) }];
  bench.fleet.settled('web-1', [{ kind: 'batch', seq: 1, at: NOW, contentHash: 1, groups }]);
  bench.fleet.settled('web-2', []);
  const status = async () => JSON.parse((await bench.ask('/api/v1/status')).text).data;
  assert.deepEqual(await status(), {
    version: '1.2.3',
    startTime: new Date(NOW).toISOString(),
    ready: true,
    hosts: { known: 2, up: 1 },
    ledger: {
      generation: 'g',
      bytes: 1,
      batches: 2,
      oldest: null,
      pendingBytes: 3,
      limitBytes: 4,
      disk: null,
    },
    restartPending: ['log.format'],
  });
  bench.notReady = 'starting';
  assert.deepEqual([(await status()).ready, (await status()).notReady], [false, 'starting']);
});

test('nobody but this machine gets anything, not even the news that a page is missing', async (t) => {
  const bench = await startHttp(t);
  const foreign = { host: 'evil.example' };
  for (const path of [
    '/',
    '/metrics',
    '/-/healthy',
    '/api/v1/hosts',
    '/nothing',
    '/%zz',
    `/${'x'.repeat(300)}`,
  ]) {
    const { status, text } = await bench.ask(path, { headers: foreign });
    assert.equal(status, 403, path);
    assert.equal(JSON.parse(text).errorType, 'forbidden');
  }
  assert.ok(bench.told.includes('refused foreign_host'));
  for (const headers of [
    { via: '1.1 x' },
    { 'x-forwarded-for': '1.2.3.4' },
    { origin: 'https://evil.example' },
  ]) {
    assert.equal((await bench.ask('/metrics', { headers })).status, 403);
  }
});

test('errors say nothing of the inside', async (t) => {
  const bench = await startHttp(t);
  const answers = [];
  for (const path of ['/nothing', '/%zz', '/api/v1/hosts/%ff', '/api/v1/hosts/a/b'])
    answers.push(await bench.ask(path));
  answers.push(
    await bench.ask('/metrics', { method: 'POST', headers: { 'content-type': 'application/json' } }),
  );
  for (const { status, text } of answers) {
    assert.ok(status >= 400 && status < 500, `${status}`);
    assert.equal(JSON.parse(text).status, 'error');
    assert.doesNotMatch(text, /FST_|fastify|node:|\.ts/i);
  }
});

test('what breaks inside is for the log', async (t) => {
  const bench = await startHttp(t);
  bench.chunks = () => {
    throw new Error('cannot open /secret/path');
  };
  const { status, text, headers } = await bench.ask('/metrics', { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(status, 500);
  assert.equal(headers['content-encoding'], undefined);
  assert.deepEqual(JSON.parse(text), {
    status: 'error',
    errorType: 'internal',
    error: 'internal error; see the log of the gateway',
  });
  assert.deepEqual(bench.told, ['scrapeFailed', 'fault cannot open /secret/path']);
});

test('idle connections are kept for longer than Prometheus keeps them', async (t) => {
  const bench = await startHttp(t, { stallMs: 300 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const { headers } = await bench.ask('/-/healthy', { agent });
  assert.equal(headers.connection, 'keep-alive');
  assert.equal(headers['keep-alive'], 'timeout=310');
  assert.equal(bench.app.server.keepAliveTimeout, 310_000);
  const ports = new Set<number | undefined>();
  bench.app.server.on('request', ({ socket }) => ports.add(socket.remotePort));
  await bench.ask('/metrics', { agent });
  // Longer than a connection may stand still in the middle of an answer.
  await new Promise((resolve) => setTimeout(resolve, 700));
  await bench.ask('/metrics', { agent });
  assert.equal(ports.size, 1);
});

test('a connection that never asks is let go', async (t) => {
  const bench = await startHttp(t, { stallMs: 200 });
  const socket = connect(Number(bench.url.port), '127.0.0.1');
  socket.resume();
  await once(socket, 'close');
});
