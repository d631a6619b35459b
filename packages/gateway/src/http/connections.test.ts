import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANN, gatekeeperOfAnn, type HttpBench, startHttp } from './http-test-support.ts';

async function open({ url }: HttpBench): Promise<Socket> {
  const socket = connect(Number(url.port), '127.0.0.1');
  // A reset is an end as good as any.
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** What came until the other end closed. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  // By `once` of node:events a reset would be a failure.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

async function until(done: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`it did not come within 20 s: ${done}`);
    await sleep(5);
  }
}

test('heads and bodies that come drop by drop are cut off, and so are connections on which nothing comes', async (t) => {
  const bench = await startHttp(t, { requestMs: 400 });
  const slow = [
    ['GET /metrics HTTP/1.1\r\nHost: localhost\r\n', 'X-A: b\r\n'],
    [
      'POST /api/v1/scrapers/p/rewind?to=1m HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
      'x',
    ],
    ['', ''],
  ] as const;
  const answers = slow.map(async ([head, drop]) => {
    const socket = await open(bench);
    if (head !== '') socket.write(head);
    const dripping = setInterval(() => drop === '' || socket.write(drop), 50);
    // What is sent to an end that has closed is answered by a reset, which may take the answer along.
    socket.once('data', () => clearInterval(dripping));
    return await readAll(socket).finally(() => clearInterval(dripping));
  });
  const startedMs = performance.now();
  // Meanwhile others are answered.
  assert.equal((await bench.ask('/-/healthy')).status, 200);
  const [head, body, nothing] = await Promise.all(answers);
  assert.match(nothing ?? '', /^HTTP\/1\.1 408 /);
  for (const answer of [head, body]) assert.match(answer ?? '', /^(HTTP\/1\.1 408 |$)/);
  assert.ok(performance.now() - startedMs < 5000);
});

test('heads and bodies that are too large are refused', async (t) => {
  const bench = await startHttp(t);
  const socket = await open(bench);
  socket.write(`GET /metrics?match[]=${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  assert.match(await readAll(socket), /^HTTP\/1\.1 431 /);
  const large = await open(bench);
  large.write(
    'POST /api/v1/scrapers/p/rewind?to=1m HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 70000\r\nConnection: close\r\n\r\n',
  );
  assert.match(await readAll(large), /^HTTP\/1\.1 413 /);
});

test('of an address that holds many connections and says nothing some go, and it is let in all the same', async (t) => {
  const bench = await startHttp(t, { limits: { pendingPerAddressMax: 8 } });
  const idle = await Promise.all(Array.from({ length: 20 }, () => open(bench)));
  await until(() => bench.sockets.size === 8);
  // Who goes is drawn by lot, so that now and then it is the one that has just come; it comes again.
  const ask = async (options: Parameters<typeof bench.ask>[1] = {}): ReturnType<typeof bench.ask> => {
    for (let tries = 1; ; tries++) {
      const answer = await bench.ask('/-/healthy', options).catch((error: Error) => error);
      if (!(answer instanceof Error)) return answer;
      if (tries === 20) throw answer;
    }
  };
  assert.equal((await ask()).status, 200);
  assert.deepEqual(
    new Set(bench.told.filter((line) => line.startsWith('connection'))),
    new Set(['connection refused address']),
  );
  // A request that is turned away proves nothing.
  const { headers } = await ask({ headers: { host: 'evil.example' } });
  assert.ok(headers);
  assert.ok(bench.sockets.pending > 0);
  bench.clock.pass(20_000);
  await until(() => bench.sockets.pending === 0);
  assert.ok(bench.told.includes('connection refused handshake_time'));
  for (const socket of idle) socket.destroy();
});

test('idle connections of scrapers are kept up to a bound, the longest idle go first', async (t) => {
  const bench = await startHttp(t, { limits: { idleMax: 3 } });
  const agents = Array.from({ length: 5 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  for (const agent of agents) assert.equal((await bench.ask('/-/healthy', { agent })).status, 200);
  await until(() => bench.sockets.size === 3);
  assert.equal(bench.told.filter((line) => line === 'connection refused idle').length, 2);
  const ports = new Set<number | undefined>();
  bench.app.server.on('request', ({ socket }) => ports.add(socket.remotePort));
  bench.app.server.on('connection', () => assert.fail('the connection was to be kept'));
  for (const agent of agents.slice(2)) assert.equal((await bench.ask('/-/healthy', { agent })).status, 200);
  assert.equal(ports.size, 3);
  for (const agent of agents) agent.destroy();
});

test('a reporter’s token keeps no connection by plain requests', async (t) => {
  const bench = await startHttp(t);
  const agent = new Agent({ keepAlive: true });
  const { status, headers } = await bench.ask('/v1/stream', { agent });
  assert.deepEqual([status, headers.connection], [426, 'close']);
  await until(() => bench.sockets.size === 0);
});

test('strangers who ask whether the gateway lives never cost a scraper the connection that it keeps', async (t) => {
  const bench = await startHttp(t, { limits: { idleMax: 2 }, gatekeeper: gatekeeperOfAnn() });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  const scrape = async () => {
    bench.app.server.once('request', ({ socket }) => ports.add(socket.remotePort));
    assert.equal((await bench.ask('/metrics', { agent, headers: ANN })).status, 200);
  };
  await scrape();
  const strangers = await Promise.all(Array.from({ length: 20 }, () => open(bench)));
  const answers = strangers.map((socket, i) => {
    socket.write(`GET /-/${i % 2 === 0 ? 'healthy' : 'ready'} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return readAll(socket);
  });
  // They are kept apart: each ends with its answer.
  for (const answer of await Promise.all(answers))
    assert.match(answer, /^HTTP\/1\.1 200 .*Connection: close/is);
  await until(() => bench.sockets.size === 1);
  assert.deepEqual([bench.sockets.pending, bench.sockets.idle], [0, 1]);
  await scrape();
  assert.equal(ports.size, 1);
  // A proxy may pass on what strangers ask by the connection of somebody who is known.
  assert.equal((await bench.ask('/-/healthy', { agent })).status, 200);
  await scrape();
  assert.equal(ports.size, 1);
  assert.equal(bench.told.includes('connection refused idle'), false);
  agent.destroy();
});

test('who was turned away may try again on its connection, and for no longer than whoever says nothing', async (t) => {
  const bench = await startHttp(t, { gatekeeper: gatekeeperOfAnn() });
  const socket = await open(bench);
  socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 401 /);
  assert.deepEqual([bench.sockets.pending, bench.sockets.idle], [1, 0]);
  bench.clock.pass(15_001);
  bench.sockets.tick();
  await until(() => bench.sockets.size === 0);
  assert.deepEqual(bench.told.at(-1), 'connection refused handshake_time');
});

test('more connections than there may be are closed at once', async (t) => {
  const bench = await startHttp(t, { connectionsMax: 4 });
  const sockets = await Promise.all([1, 2, 3, 4].map(() => open(bench)));
  await until(() => bench.sockets.size === 4);
  assert.equal(await readAll(await open(bench)), '');
  assert.ok(bench.told.includes('connection refused total'));
  sockets[0]?.destroy();
  await until(() => bench.sockets.size === 3);
  assert.equal((await bench.ask('/-/healthy')).status, 200);
});

test('an upgrade stays pending until whoever it was handed to says more', async (t) => {
  const bench = await startHttp(t);
  bench.upgrade = () => {};
  const socket = await open(bench);
  socket.write(
    'GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  const [request] = await once(bench.app.server, 'upgrade');
  assert.deepEqual([bench.sockets.pending, bench.sockets.idle], [1, 0]);
  bench.sockets.spoke(request.socket);
  assert.equal(bench.sockets.pending, 0);
  bench.clock.pass(60_000);
  bench.sockets.tick();
  assert.deepEqual([bench.sockets.size, bench.told], [1, []]);
  // Nobody else looks after an upgraded socket.
  request.socket.destroy();
  await until(() => bench.sockets.size === 0);
});
