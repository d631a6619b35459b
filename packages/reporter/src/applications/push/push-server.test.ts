/** Who may push what: a real listener, asked the way no client would. */
import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Counts } from '../../counts.ts';
import { DROP_REASONS, listenOn, SERVER_LIMITS, type ServerLimits } from '../../web/bounded-server.ts';
import { seriesOf, until } from '../test-support.ts';
import { BodyReader } from './body.ts';
import { Groups } from './groups.ts';
import { REFUSAL_REASONS, type RefusalReason } from './push-error.ts';
import { createPushServer, PUSH_METHODS } from './push-server.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

class Listener {
  readonly groups = new Groups({ host: 'web-1', statics: new Map(), takenJobs: ['node'] });
  readonly refused = new Counts(REFUSAL_REASONS);
  readonly accepted = new Counts(PUSH_METHODS);
  readonly dropped = new Counts(DROP_REASONS);
  readonly faults: string[] = [];
  port = 0;
  now = 0;
  /** What each piece of work costs, in ms. */
  costMs = 0;
  #spentMs = 0;

  static async start(
    t: TestContext,
    limits: Partial<ServerLimits> = {},
    bodies = new BodyReader({ bytesMax: 1000, bytesInAllMax: 3000 }),
  ): Promise<Listener> {
    const listener = new Listener();
    const server = createPushServer({
      groups: listener.groups,
      refused: listener.refused,
      accepted: listener.accepted,
      dropped: listener.dropped,
      moment: () => ({ now: 1_790_000_000_000, mono: 0 }),
      monotonic: () => listener.now,
      cpuMs: () => {
        listener.#spentMs += listener.costMs;
        return listener.#spentMs;
      },
      onChange: () => {},
      onRefused: () => {},
      onFault: (error) => listener.faults.push(error.message),
      limits: { ...SERVER_LIMITS, ...limits },
      bodies,
    });
    await listenOn(server, { host: '127.0.0.1', port: 0 });
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    listener.port = typeof address === 'object' && address !== null ? address.port : 0;
    return listener;
  }

  ask(
    method: string,
    path: string,
    body: string | Buffer = '',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asking = request(
        { host: '127.0.0.1', port: this.port, method, path, headers, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
          );
        },
      );
      asking.on('error', reject);
      asking.end(body);
    });
  }

  async refuses(
    reason: RefusalReason,
    status: number,
    [method, path, body, headers]: [string, string, (string | Buffer)?, Record<string, string>?],
  ): Promise<void> {
    const before = this.refused.get(reason);
    const answer = await this.ask(method, path, body, headers);
    const what = JSON.stringify([method, path, headers, answer]);
    assert.equal(answer.status, status, what);
    assert.ok(answer.text.length > 1, what);
    assert.equal(this.refused.get(reason), before + 1, what);
  }

  shown(): string[] {
    return seriesOf(this.groups.columns()).filter((line) => !line.startsWith('push_'));
  }
}

const PATH = '/metrics/job/a';

test('what Pushgateway answers, and whether it is there', async (t) => {
  const listener = await Listener.start(t);
  assert.deepEqual(
    [(await listener.ask('POST', PATH, 'x 1\n')).status, listener.shown()],
    [200, ['x{job=a} 1']],
  );
  assert.equal((await listener.ask('PUT', `${PATH}?y=1`, 'x 2\n')).status, 200);
  assert.deepEqual(listener.shown(), ['x{job=a} 2']);
  assert.equal((await listener.ask('DELETE', PATH)).status, 202);
  assert.deepEqual(listener.shown(), []);
  assert.deepEqual(
    [...listener.accepted.entries()],
    [
      ['delete', 1],
      ['post', 1],
      ['put', 1],
    ],
  );
  assert.equal((await listener.ask('GET', '/-/healthy')).status, 200);
  assert.equal((await listener.ask('GET', '/-/ready')).status, 200);
  assert.equal((await listener.ask('GET', '/metrics')).status, 404);
  assert.equal((await listener.ask('POST', '/')).status, 404);
});

test('programs of this machine may push, pages and others may not', async (t) => {
  const listener = await Listener.start(t);
  const own = `127.0.0.1:${listener.port}`;
  for (const host of [own, 'localhost', '[::1]:1', 'LOCALHOST:80'])
    assert.equal((await listener.ask('POST', PATH, 'x 1\n', { host })).status, 200, host);
  const foreign: Record<string, string>[] = [
    { host: 'rebound.example' },
    { host: `127.0.0.1.rebound.example:${listener.port}` },
    { origin: 'https://page.example' },
    { origin: `http://${own}` },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'same-origin' },
    { forwarded: 'for=10.0.0.1' },
    { via: '1.1 proxy' },
    { 'x-forwarded-for': '127.0.0.1' },
    { 'x-real-ip': '127.0.0.1' },
  ];
  for (const headers of foreign) {
    await listener.refuses('not_local', 403, ['POST', PATH, 'y 1\n', headers]);
    await listener.refuses('not_local', 403, ['DELETE', PATH, '', headers]);
    await listener.refuses('not_local', 403, ['GET', '/-/healthy', '', headers]);
  }
  // A page's question beforehand gets nothing that would allow it more.
  const preflight = await listener.ask('OPTIONS', PATH, '', { 'access-control-request-method': 'PUT' });
  assert.equal(preflight.status, 405);
  assert.deepEqual(
    Object.keys(preflight.headers).filter((name) => name.startsWith('access-control')),
    [],
  );
  assert.deepEqual(listener.shown(), ['x{job=a} 1']);
});

test('what cannot be taken is refused with a reason, and counted', async (t) => {
  const listener = await Listener.start(t);
  await listener.refuses('path', 400, ['POST', '/metrics/job/a/b', 'x 1\n']);
  await listener.refuses('method', 405, ['PATCH', PATH, 'x 1\n']);
  await listener.refuses('method', 405, ['GET', PATH]);
  await listener.refuses('format', 400, ['POST', PATH, 'x one\n']);
  await listener.refuses('format', 400, ['POST', PATH, 'x 1']);
  await listener.refuses('format', 400, ['POST', PATH, Buffer.from('x{y="\xff"} 1\n', 'latin1')]);
  await listener.refuses('timestamps', 400, ['POST', PATH, 'x 1 5\n']);
  await listener.refuses('reserved', 400, ['POST', '/metrics/job/node', 'x 1\n']);
  const protobuf =
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
  await listener.refuses('content_type', 415, ['POST', PATH, 'x', { 'content-type': protobuf }]);
  await listener.refuses('encoding', 415, ['POST', PATH, 'x 1\n', { 'content-encoding': 'snappy' }]);
  // A series that stands twice is a failure of its group, as in Pushgateway.
  await listener.refuses('inconsistent', 400, ['POST', '/metrics/job/b', 'x 1\nx 2\n']);
  const failures = seriesOf(listener.groups.columns()).filter((line) => line.startsWith('push_failure'));
  assert.deepEqual(failures, [
    'push_failure_time_seconds{job=a} 1790000000',
    'push_failure_time_seconds{job=b} 1790000000',
  ]);
  assert.deepEqual(listener.shown(), []);
});

test('a fault of ours is a 500, told, and costs nobody else', async (t) => {
  const listener = await Listener.start(t);
  const { push } = listener.groups;
  listener.groups.push = () => {
    throw new Error('a fault');
  };
  assert.equal((await listener.ask('POST', PATH, 'x 1\n')).status, 500);
  assert.deepEqual(listener.faults, ['a fault']);
  listener.groups.push = push;
  assert.equal((await listener.ask('POST', PATH, 'x 1\n')).status, 200);
});

test('bodies: gzip, any type of text, none that is too large', async (t) => {
  const listener = await Listener.start(t);
  const gzip = { 'content-encoding': 'GZIP' };
  assert.equal((await listener.ask('PUT', PATH, gzipSync('x 3\n'), gzip)).status, 200);
  assert.deepEqual(listener.shown(), ['x{job=a} 3']);
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain; version=0.0.4'])
    assert.equal((await listener.ask('PUT', PATH, 'x 4\n', { 'content-type': type })).status, 200, type);
  await listener.refuses('format', 400, ['PUT', PATH, 'x 5\n', gzip]);
  await listener.refuses('format', 400, ['PUT', PATH, gzipSync('x 5\n').subarray(0, 15), gzip]);
  const large = `# ${'x'.repeat(2000)}\n`;
  await listener.refuses('too_large', 413, ['PUT', PATH, large]);
  await listener.refuses('too_large', 413, ['PUT', PATH, large, { 'transfer-encoding': 'chunked' }]);
  await listener.refuses('too_large', 413, ['PUT', PATH, gzipSync('\n'.repeat(100_000)), gzip]);
  assert.deepEqual(listener.shown(), ['x{job=a} 4']);
  // What they held is free again.
  assert.equal((await listener.ask('PUT', PATH, `${' '.repeat(900)}\nx 6\n`)).status, 200);
});

test('bodies that come in at a time are bounded together', async (t) => {
  const listener = await Listener.start(t);
  const head = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n`;
  const sockets = [1, 2, 3].map(() => connect(listener.port, '127.0.0.1'));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.write(head + ' '.repeat(990));
  }
  await until(async () => (await listener.ask('POST', PATH, `${' '.repeat(900)}\n`)).status === 503);
  for (const socket of sockets) socket.destroy();
  await until(() => listener.refused.get('aborted') === 3);
  assert.equal((await listener.ask('POST', PATH, `${' '.repeat(900)}\n`)).status, 200);
});

test('bodies that are unpacked at a time are bounded together', async (t) => {
  const bodies = new BodyReader({ bytesMax: 1_000_000, bytesInAllMax: 2_000_000 });
  const listener = await Listener.start(t, {}, bodies);
  // Packed, it is a hundredth of what it becomes.
  const body = gzipSync('\n'.repeat(900_000));
  const asked = Array.from({ length: 20 }, () =>
    listener.ask('POST', PATH, body, { 'content-encoding': 'gzip' }),
  );
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  assert.deepEqual([...new Set(statuses)].sort(), [200, 503]);
});

/** Sends a text as it is, and waits for the other end to close. */
function say(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

test('who is slow, and what is no HTTP', async (t) => {
  const listener = await Listener.start(t, { headersTimeoutMs: 100, requestTimeoutMs: 200 });
  assert.match(await say(listener.port, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await say(listener.port, `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\n`), /^HTTP\/1\.1 408 /);
  assert.deepEqual([listener.dropped.get('timeout'), listener.dropped.get('malformed')], [1, 1]);
});

test('connections are bounded', async (t) => {
  const listener = await Listener.start(t, { connectionsMax: 2 });
  const held = [1, 2].map(() => connect(listener.port, '127.0.0.1'));
  for (const socket of held) socket.on('error', () => {});
  // The two are counted once they have come in.
  await until(async () => (await say(listener.port, 'GET / HTTP/1.0\r\n\r\n')) === '');
  assert.ok(listener.dropped.get('connections') >= 1);
  for (const socket of held) socket.destroy();
  await until(async () => (await say(listener.port, 'GET / HTTP/1.0\r\n\r\n')) !== '');
});

test('pushes have a share of the time, and are asked to come again beyond it', async (t) => {
  const listener = await Listener.start(t);
  listener.costMs = 250;
  const status = async (method: string, body = 'x 1\n') =>
    (await listener.ask(method, '/metrics/job/a', body)).status;
  assert.equal(await status('PUT'), 200);
  // What is refused costs as much.
  assert.equal(await status('POST', 'x one\n'), 400);
  const busy = await listener.ask('POST', '/metrics/job/a', 'x 1\n');
  assert.equal(busy.status, 503);
  assert.match(busy.text, /more is being pushed than there is time for/);
  assert.equal(await status('DELETE', ''), 503);
  assert.equal((await listener.ask('GET', '/-/healthy')).status, 200);
  assert.equal(listener.refused.get('busy'), 2);
  listener.now += 1_000;
  assert.equal(await status('DELETE', ''), 202);
});
