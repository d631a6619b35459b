import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { CLOSE_CODES } from '@tributary/shared/close-codes';
import { STREAM_PATH } from '@tributary/shared/frames';
import { DEFAULT_LIMITS, PING_INTERVAL_MS, SILENCE_MS_MAX } from '@tributary/shared/limits';
import { WebSocket } from 'ws';
import { SqliteLedger } from '../ledger/sqlite/sqlite-ledger.ts';
import { ANYONE } from './identity.ts';
import { delegate, type LinkBench, rawFrame, socketOf, startLink } from './link-test-support.ts';

const open = SqliteLedger.open;
const FIN = 0x80;
const RSV1 = 0x40;

/** The answer to an upgrade, as raw text, once the server has closed. */
async function upgrade(port: number, path: string, headers: readonly string[] = []): Promise<string> {
  // Half open: the client never closes its side by itself.
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  socket.setEncoding('utf8').on('data', (text) => {
    answer += String(text);
  });
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
    ...headers,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  await once(socket, 'end');
  return answer;
}

async function connectionsOf({ http }: LinkBench): Promise<number> {
  return await new Promise((resolve, reject) =>
    http.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`it did not come within 20 s: ${done}`);
    await sleep(5);
  }
}

test('upgrades that are refused: path, subprotocol, access; the socket does not stay', async (t) => {
  const bench = await startLink(t, open, {
    authorize: ({ headers }) =>
      headers['x-bad'] === undefined
        ? { identity: ANYONE, refusal: null }
        : {
            refusal: {
              status: Number(headers['x-bad']),
              message: 'not you',
              challenges: ['Bearer', 'Basic'],
            },
          },
  });
  const offered = 'Sec-WebSocket-Protocol: other, tributary.v1';
  assert.match(await upgrade(bench.port, '/else', [offered]), /^HTTP\/1\.1 404 .*\r\n\r\nno stream here/s);
  assert.match(await upgrade(bench.port, STREAM_PATH), /^HTTP\/1\.1 400 .*tributary\.v1 must be offered/s);
  assert.match(await upgrade(bench.port, STREAM_PATH, ['Sec-WebSocket-Protocol: x']), /^HTTP\/1\.1 400 /);
  assert.match(await upgrade(bench.port, STREAM_PATH, [offered, 'X-Bad: 403']), /^HTTP\/1\.1 403 .*not you/s);
  assert.match(
    await upgrade(bench.port, STREAM_PATH, [offered, 'X-Bad: 401']),
    /^HTTP\/1\.1 401 Unauthorized\r\n.*WWW-Authenticate: Bearer\r\nWWW-Authenticate: Basic/s,
  );
  for (const status of [429, 503]) {
    const answer = await upgrade(bench.port, STREAM_PATH, [offered, `X-Bad: ${status}`]);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} .*\r\nRetry-After: \\d+\r\n`, 's'));
  }
  await until(async () => (await connectionsOf(bench)) === 0);
  assert.equal(bench.link.connections, 0);
});

test('a fault while a credential is checked is an answer and a line in the log, not the end', async (t) => {
  const bench = await startLink(t, open, {
    authorize: () => {
      throw new Error('database is locked');
    },
  });
  const offered = 'Sec-WebSocket-Protocol: tributary.v1';
  assert.match(
    await upgrade(bench.port, STREAM_PATH, [offered]),
    /^HTTP\/1\.1 503 .*\r\n\r\ncredentials cannot/s,
  );
  assert.deepEqual(bench.faults.map(String), ['Error: database is locked']);
});

test('batches are on disk when they are acked', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client();
  assert.equal(client.socket.protocol, 'tributary.v1');
  await client.greet();
  for (let seq = 1; seq <= 50; seq++) client.batch(seq);
  await client.acked(50);
  assert.equal((await bench.ledger.read('web-1', 0, 100)).length, 50);
  assert.equal(bench.link.connections, 1);
  client.socket.close();
  await until(() => bench.link.connections === 0);
});

test('frames that are too large, binary or no WebSocket frames are answered by the protocol', async (t) => {
  const bench = await startLink(t, open);
  const large = await bench.client({ perMessageDeflate: false });
  large.send('x'.repeat(DEFAULT_LIMITS.frameBytesMax + 1));
  const tooLarge = { code: CLOSE_CODES.FRAME_TOO_LARGE, reason: 'FRAME_TOO_LARGE' };
  assert.deepEqual(await large.closed, tooLarge);
  assert.equal((await large.next('refuse')).code, 'FRAME_TOO_LARGE');
  const binary = await bench.client();
  await binary.greet();
  binary.socket.send(Buffer.from('{}'));
  assert.equal((await binary.closed).code, CLOSE_CODES.BAD_FRAME);
  const broken = await bench.client();
  socketOf(broken.socket).write(rawFrame(FIN | 0x3, Buffer.from('reserved opcode')));
  assert.equal((await broken.closed).code, CLOSE_CODES.BAD_FRAME);
  const notText = await bench.client();
  socketOf(notText.socket).write(rawFrame(FIN | 0x1, Uint8Array.of(0xff, 0xfe)));
  assert.equal((await notText.closed).code, CLOSE_CODES.BAD_FRAME);
  const wrong = await bench.client();
  wrong.send('{"kind":"what"}');
  assert.equal((await wrong.closed).code, CLOSE_CODES.BAD_FRAME);
  assert.deepEqual(bench.refusals, [
    ' FRAME_TOO_LARGE',
    'web-1 BAD_FRAME',
    ' BAD_FRAME',
    ' BAD_FRAME',
    ' BAD_FRAME',
  ]);
  assert.deepEqual(bench.faults, []);
});

test('a frame of the largest size is taken', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client({ perMessageDeflate: false });
  await client.greet();
  const batch = '{"kind":"batch","seq":1,"at":1000,"groups":[]';
  client.send(`${batch.padEnd(DEFAULT_LIMITS.frameBytesMax - 1)}}`);
  await client.acked(1);
});

test('the other end may close with any code; that is no fault of a frame', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client();
  client.socket.close(1009);
  assert.equal((await client.closed).code, 1009);
  await until(() => bench.link.connections === 0);
  assert.deepEqual(bench.refusals, []);
});

test('a deflate bomb costs no more than a frame', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client();
  assert.match(client.socket.extensions, /permessage-deflate/);
  const bomb = deflateRawSync(Buffer.alloc(128 * 1024 * 1024, 0x20), { finishFlush: 2 }).subarray(0, -4);
  assert.ok(bomb.length < DEFAULT_LIMITS.frameBytesMax);
  const before = process.memoryUsage();
  let peak = 0;
  const watch = setInterval(() => {
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    peak = Math.max(peak, arrayBuffers + heapUsed - before.arrayBuffers - before.heapUsed);
  }, 1);
  socketOf(client.socket).write(rawFrame(FIN | RSV1 | 0x1, bomb));
  assert.equal((await client.closed).code, CLOSE_CODES.FRAME_TOO_LARGE);
  clearInterval(watch);
  assert.ok(peak < 32 * 1024 * 1024, `${peak} bytes more`);
});

test('reporters compress with a context that lasts; the gateway never compresses', async (t) => {
  const bench = await startLink(t, open);
  const received: Buffer[] = [];
  const client = await bench.client({
    perMessageDeflate: { threshold: 0 },
    createConnection: ((options: { port: number }) => {
      const socket = connect(options);
      socket.on('data', (data) => received.push(data));
      return socket;
    }) as typeof connect,
  });
  assert.match(client.socket.extensions, /permessage-deflate/);
  assert.doesNotMatch(client.socket.extensions, /client_no_context_takeover/);
  await client.greet();
  const text = `"${Array.from({ length: 300 }, (_, i) => (i * 7919) % 1000).join(' ')}"`;
  const sizes: number[] = [];
  for (const seq of [1, 2]) {
    const before = socketOf(client.socket).bytesWritten;
    client.send(`{"kind":"batch","seq":${seq},"at":${1000 + seq},"groups":[],"note":${text}}`);
    await client.acked(seq);
    sizes.push(socketOf(client.socket).bytesWritten - before);
  }
  const [first = 0, second = 0] = sizes;
  assert.ok(second < first / 4, `${first} bytes, then ${second}`);
  const bytes = Buffer.concat(received);
  const frames: number[] = [];
  for (let i = bytes.indexOf('\r\n\r\n') + 4; i < bytes.length; ) {
    frames.push(bytes[i] ?? 0);
    const short = bytes[i + 1] ?? 0;
    i += short === 126 ? 4 + bytes.readUInt16BE(i + 2) : 2 + short;
  }
  assert.ok(frames.length >= 3);
  for (const flags of frames) assert.equal(flags & RSV1, 0);
});

test('pings every ten seconds; who answers stays, who is silent is closed', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client();
  await client.greet();
  const mute = await bench.client({ autoPong: false });
  await mute.greet({ host: 'web-2' });
  // Both are heard last at the moment at which the clock stands now.
  for (const each of [client, mute]) {
    each.batch(1);
    await each.acked(1);
  }
  let pings = 0;
  client.socket.on('ping', () => pings++);
  bench.clock.pass(PING_INTERVAL_MS);
  await until(() => pings === 1);
  // The pong must be there before the clock goes on.
  await sleep(200);
  bench.clock.pass(SILENCE_MS_MAX - PING_INTERVAL_MS + 1);
  await until(() => pings === 2);
  assert.equal((await mute.closed).code, CLOSE_CODES.SILENT);
  assert.equal(client.socket.readyState, WebSocket.OPEN);
});

test('who does not read what he is told is cut off', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client({ perMessageDeflate: false });
  await client.greet();
  client.socket.pause();
  const groups = JSON.stringify(Array.from({ length: 1000 }, () => ({ shape: 999, values: [] })));
  let seq = 1;
  // Each of these is answered by a thousand rejects, and nobody reads them.
  await until(() => {
    if (bench.link.connections === 0) return true;
    if (client.socket.bufferedAmount === 0)
      client.send(`{"kind":"batch","seq":${seq},"at":${1000 + seq++},"groups":${groups}}`);
    return false;
  });
  assert.ok(seq > 1);
  client.socket.terminate();
});

test('who was sent away and goes on sending is cut off', async (t) => {
  const bench = await startLink(t, open);
  const chatter = Buffer.alloc(64 * 1024, rawFrame(FIN | 0x1, Buffer.from('{}')));
  for (const first of ['no JSON', Buffer.from([0xff, 0xff])]) {
    const client = await bench.client();
    const socket = socketOf(client.socket);
    // It does not hear that it is to go.
    client.socket.pause();
    let sent = 0;
    socket.on('error', () => {});
    if (typeof first === 'string') client.send(first);
    else socket.write(first);
    while (!socket.destroyed && sent < 64 * 1024 * 1024) {
      sent += chatter.length;
      if (!socket.write(chatter))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
    }
    await until(async () => (await connectionsOf(bench)) === 0);
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were read`);
    client.socket.terminate();
  }
  assert.deepEqual(bench.refusals, [' BAD_FRAME', ' BAD_FRAME']);
});

test('draining: acks are out, everyone is told when to come back, and all are gone', async (t) => {
  const bench = await startLink(t, open);
  const clients = await Promise.all([bench.client(), bench.client(), bench.client()]);
  for (const [i, client] of clients.entries()) {
    await client.greet({ host: `web-${i}` });
    client.batch(1);
    await client.acked(1);
    client.batch(2);
  }
  await bench.link.drain(2000);
  assert.equal(bench.link.connections, 0);
  for (const client of clients) {
    assert.deepEqual(await client.closed, { code: CLOSE_CODES.DRAINING, reason: 'DRAINING' });
    const refuse = await client.next('refuse');
    assert.ok((refuse.retryAfterMs ?? 0) > 0);
  }
  assert.match(
    await upgrade(bench.port, STREAM_PATH, ['Sec-WebSocket-Protocol: tributary.v1']),
    /^HTTP\/1\.1 503 /,
  );
});

test('those who are asked to come again do so one after the other', async (t) => {
  let calls = 0;
  const bench = await startLink(t, open, { random: () => calls++ / 4 });
  const clients = await Promise.all(['a', 'b', 'c', 'd'].map(() => bench.client()));
  for (const [i, client] of clients.entries()) await client.greet({ host: `web-${i}`, epoch: `e${i}` });
  bench.link.recycle('the clock was set');
  const refusals = await Promise.all(clients.map((client) => client.next('refuse')));
  assert.deepEqual(
    refusals.map(({ code, retryAfterMs }) => [code, retryAfterMs]),
    [500, 510, 520, 530].map((ms) => ['DRAINING', ms]),
  );
});

test('draining does not wait for who is dead', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client();
  await client.greet();
  socketOf(client.socket).pause();
  const startedMs = performance.now();
  await bench.link.drain(100);
  assert.ok(performance.now() - startedMs < 2000);
  assert.equal(bench.link.connections, 0);
  client.socket.terminate();
});

test('an error of our own closes with the code for that, and says nothing of it', async (t) => {
  const bench = await startLink(t, open, {
    ledger: (real) => delegate(real, { stream: () => Promise.reject(new Error('/secret/path')) }),
  });
  const client = await bench.client();
  client.greet().catch(() => {});
  assert.deepEqual(await client.closed, { code: 1011, reason: 'internal error' });
  assert.equal(bench.faults.length, 1);
});
