import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { OptionError } from '@tributary/shared/options';
import { ColumnRecorder } from '../collectors/columns.ts';
import { renderText } from '../text-format.ts';
import { SERVER_LIMITS, type ServerLimits } from './bounded-server.ts';
import { type Exposition, WebListener } from './web-listener.ts';

async function start(t: TestContext, profiles = true, limits?: ServerLimits) {
  const world = {
    exposition: null as Exposition | null,
    why: null as string | null,
    mistake: '',
    reloads: [] as string[],
  };
  const web = new WebListener({
    metrics: () => world.exposition,
    profiles,
    limits,
    notReady: () => world.why,
    status: () => ({ host: 'web-1' }),
    reload: async (cause) => {
      world.reloads.push(cause);
      if (world.mistake !== '') throw new OptionError(world.mistake);
      return ['host'];
    },
    onFault: (error) => assert.fail(error),
  });
  const port = await web.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => web.close());
  const ask = async (path: string, method = 'GET', headers: Record<string, string> = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    request(
      { port, path, method, headers: { connection: 'keep-alive', ...headers }, agent: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
            text: Buffer.concat(parts).toString(),
          }),
        );
      },
    )
      .on('error', reject)
      .end();
    return await promise;
  };
  const own = () => {
    const recorder = new ColumnRecorder({});
    void web.own.collect(recorder, new AbortController().signal);
    const column = recorder.take();
    return column === null ? '' : renderText([column]);
  };
  return { world, port, ask, own };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

test('the newest sample, compressed where that is asked for', async (t) => {
  const { world, ask } = await start(t);
  assert.equal((await ask('/metrics')).status, 503);
  const text = 'node_load1 1 1000\n';
  world.exposition = { text };
  const plain = await ask('/metrics?x=1');
  assert.deepEqual([plain.status, plain.text], [200, text]);
  assert.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const packed = await ask('/metrics', 'GET', { 'accept-encoding': 'gzip' });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(packed.body).toString(), text);
  // Once for all who ask.
  const { gzip } = world.exposition;
  await ask('/metrics', 'GET', { 'accept-encoding': 'gzip' });
  assert.equal(world.exposition.gzip, gzip);
  // Any machine may, through whatever.
  assert.equal((await ask('/metrics', 'GET', { host: 'web-1:9751', via: '1.1 proxy' })).status, 200);
  assert.equal((await ask('/metrics', 'HEAD')).text, '');
});

test('health, readiness and why not', async (t) => {
  const { world, ask } = await start(t);
  assert.equal((await ask('/-/healthy')).status, 200);
  assert.equal((await ask('/-/ready')).status, 200);
  world.why = 'the host was not sampled yet';
  const { status, text } = await ask('/-/ready');
  assert.deepEqual([status, text], [503, 'The reporter is not ready: the host was not sampled yet\n']);
  assert.equal((await ask('/-/healthy')).status, 200);
  assert.match((await ask('/')).text, /GET \/metrics/);
});

test('what says more, or does something, is for programs of this machine alone', async (t) => {
  const { world, ask, own } = await start(t);
  const routes = ['GET /api/v1/status', 'POST /-/reload', 'PUT /-/reload'];
  routes.push('GET /debug/pprof/profile', 'GET /debug/pprof/heap');
  const strange = [
    { host: 'web-1' },
    { via: '1.1 proxy' },
    { origin: 'http://evil.example' },
    { connection: 'close' },
  ];
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ');
    for (const headers of strange)
      assert.equal((await ask(path, method, headers as Record<string, string>)).status, 403, route);
  }
  assert.deepEqual(world.reloads, []);
  assert.deepEqual(JSON.parse((await ask('/api/v1/status')).text), {
    status: 'success',
    data: { host: 'web-1' },
  });
  assert.ok(own().includes('tributary_reporter_web_refused_total{reason="not_local"} 20\n'));
  assert.ok(own().includes('tributary_reporter_web_requests_total 1\n'));
});

test('a reload names what takes a restart, and what is wrong', async (t) => {
  const { world, ask } = await start(t);
  const good = await ask('/-/reload', 'POST');
  assert.deepEqual([good.status, good.text], [200, 'these options take a restart: host\n']);
  world.mistake = 'reporter.yml:1: unknown key x';
  const bad = await ask('/-/reload', 'PUT');
  assert.deepEqual([bad.status, bad.text], [500, `failed to reload config: ${world.mistake}\n`]);
  assert.equal((await ask('/-/reload')).status, 405);
  assert.deepEqual(world.reloads, ['POST /-/reload', 'PUT /-/reload']);
});

test('profiles, one at a time', async (t) => {
  const { ask } = await start(t);
  assert.equal((await ask('/debug/pprof/profile?seconds=61')).status, 400);
  const both = [ask('/debug/pprof/profile?seconds=0.3'), ask('/debug/pprof/profile?seconds=0.1')];
  const answers = await Promise.all(both);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 503]);
  assert.match(answers.find(({ status }) => status === 200)?.text ?? '', /^\{"nodes":\[/);
});

test('without having been asked for there are no profiles', async (t) => {
  const { ask, own } = await start(t, false);
  for (const path of ['profile', 'heap']) {
    const { status, text } = await ask(`/debug/pprof/${path}`);
    assert.deepEqual([status, text], [403, 'profiles are off; start with --web.enable-profiles\n']);
  }
  assert.ok(own().includes('tributary_reporter_web_refused_total{reason="disabled"} 2\n'));
});

test('whoever leaves early lets the next one take a profile', async (t) => {
  const { port, ask } = await start(t);
  const asked = request({
    port,
    path: '/debug/pprof/profile?seconds=60',
    headers: { connection: 'keep-alive' },
  }).on('error', () => {});
  asked.end();
  await delay(100);
  asked.destroy();
  for (;;) {
    const { status } = await ask('/debug/pprof/profile?seconds=0.01');
    if (status === 200) break;
    assert.equal(status, 503);
  }
});

test('paths, methods and what is no HTTP are turned away and counted', async (t) => {
  const { port, ask, own } = await start(t);
  assert.equal((await ask('/nowhere')).status, 404);
  assert.equal((await ask('/__proto__')).status, 404);
  assert.equal((await ask('/metrics', 'DELETE')).status, 405);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.end('no http\r\n\r\n');
  while (!own().includes('tributary_reporter_web_dropped_connections_total{reason="malformed"} 1\n'))
    await delay(5);
  assert.ok(own().includes('tributary_reporter_web_refused_total{reason="path"} 2\n'));
  assert.ok(own().includes('tributary_reporter_web_refused_total{reason="method"} 1\n'));
});

test('who does not read his answers is cut off, and others find a place', async (t) => {
  const { world, port, ask, own } = await start(t, true, {
    ...SERVER_LIMITS,
    stallTimeoutMs: 300,
    pipelinedMax: 4,
  });
  world.exposition = { text: 'x'.repeat(4_000_000) };
  const sockets = Array.from({ length: SERVER_LIMITS.connectionsMax }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2));
  }
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const reason = (text: string) => `tributary_reporter_web_dropped_connections_total{reason="${text}"} `;
  while (!own().includes(`${reason('stalled')}${sockets.length}\n`)) await delay(20);
  assert.equal((await ask('/-/healthy')).status, 200);
  const hasty = connect(port, '127.0.0.1').on('error', () => {});
  hasty.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(5));
  while (own().includes(`${reason('pipelined')}0\n`)) await delay(20);
});
