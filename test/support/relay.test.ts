/** The relay on real sockets: it must do exactly the harm that it is told to do. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, within } from './eventually.ts';
import { Relay } from './relay.ts';

/** A server that sends back what it gets, and the relay before it. */
async function echoBehindRelay(t: TestContext): Promise<{ relay: Relay; ends: string[] }> {
  const ends: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? ''));
    socket.on('end', () => ends.push('end'));
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const relay = await Relay.start(t, `127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { relay, ends };
}

async function connect(t: TestContext, relay: Relay): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port: relay.port });
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function read(socket: Socket, bytes: number): Promise<Buffer> {
  const got: Buffer[] = [];
  let have = 0;
  const done = (async () => {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      got.push(chunk as Buffer);
      have += (chunk as Buffer).length;
      if (have >= bytes) break;
    }
  })();
  await within(20_000, `${bytes} bytes`, done);
  return Buffer.concat(got);
}

async function errorOf(socket: Socket): Promise<string | undefined> {
  const [error] = (await within(5_000, 'an error', once(socket, 'error'))) as [NodeJS.ErrnoException];
  return error.code;
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('it carries bytes both ways unchanged, counts them, and passes on ends', async (t) => {
  const { relay, ends } = await echoBehindRelay(t);
  const socket = await connect(t, relay);
  const sent = randomBytes(3_000_000);
  const reading = read(socket, sent.length);
  socket.end(sent);
  assert.equal(hash(await reading), hash(sent));
  await within(5_000, 'the end', once(socket, 'close'));
  assert.deepEqual(ends, ['end']);
  await eventually('the relay forgets the connection', () => relay.counts.open === 0);
  assert.deepEqual(relay.counts, { connections: 1, open: 0, bytesUp: sent.length, bytesDown: sent.length });
});

test('a cut resets both ends and refuses until it is restored', async (t) => {
  const { relay, ends } = await echoBehindRelay(t);
  const socket = await connect(t, relay);
  socket.write('x');
  await read(socket, 1);
  const error = errorOf(socket);
  relay.cut();
  assert.equal(await error, 'ECONNRESET');
  await eventually('the target hears of it', () => ends.length > 0);
  assert.deepEqual(ends, ['ECONNRESET']);
  const refused = createConnection({ host: '127.0.0.1', port: relay.port });
  assert.equal(await errorOf(refused), 'ECONNREFUSED');
  await relay.restore();
  const again = await connect(t, relay);
  again.write('y');
  assert.equal((await read(again, 1)).toString(), 'y');
});

test('a black hole takes everything, answers nothing, and tells neither end of the other', async (t) => {
  const { relay, ends } = await echoBehindRelay(t);
  const old = await connect(t, relay);
  old.write('x');
  await read(old, 1);
  relay.blackhole();
  const fresh = await connect(t, relay);
  const heard: string[] = [];
  for (const socket of [old, fresh]) {
    socket.on('data', () => heard.push('data'));
    socket.on('close', () => heard.push('close'));
    socket.write('lost');
  }
  await delay(150);
  assert.deepEqual([heard, ends], [[], []]);
  await relay.restore();
  // What was swallowed would be missing in the middle, so nothing comes out of these any more.
  old.write('lost too');
  await delay(100);
  assert.deepEqual([heard, ends], [[], []]);
  old.resetAndDestroy();
  await delay(100);
  assert.deepEqual(ends, [], 'the target still believes in its end');
  const works = await connect(t, relay);
  works.write('y');
  assert.equal((await read(works, 1)).toString(), 'y');
});

test('a delay puts off every byte and keeps the rate', async (t) => {
  const { relay } = await echoBehindRelay(t);
  relay.delay(100);
  const socket = await connect(t, relay);
  const startedMs = performance.now();
  for (let i = 0; i < 20; i++) {
    socket.write(Buffer.from([i]));
    await delay(10);
  }
  const echoed = await read(socket, 20);
  const tookMs = performance.now() - startedMs;
  assert.deepEqual([...echoed], [...Array(20).keys()]);
  assert.ok(
    tookMs >= 200 && tookMs < 1200,
    `${tookMs} ms for 20 bytes that were each delayed by 100 ms twice`,
  );
});

test('a throttle bounds the rate, and order survives changes of everything', async (t) => {
  const { relay } = await echoBehindRelay(t);
  relay.throttle(500_000);
  const socket = await connect(t, relay);
  const sent = randomBytes(250_000);
  const startedMs = performance.now();
  socket.write(sent);
  const echoed = read(socket, sent.length);
  await delay(200);
  relay.delay(30);
  await delay(100);
  relay.delay(5);
  assert.equal(hash(await echoed), hash(sent));
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 450, `${tookMs} ms for half a second's bytes`);
  relay.throttle(null);
  const more = randomBytes(2_000_000);
  socket.write(more);
  assert.equal(hash(await read(socket, more.length)), hash(more));
});

test('a kill comes after exactly so many bytes downstream, once', async (t) => {
  const { relay } = await echoBehindRelay(t);
  relay.killAfter(1000);
  const socket = await connect(t, relay);
  const got: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => got.push(bytes));
  const error = errorOf(socket);
  socket.write(randomBytes(600));
  await eventually('the first bytes', () => Buffer.concat(got).length === 600);
  assert.equal(relay.isKillPending, true);
  socket.write(randomBytes(600));
  assert.equal(await error, 'ECONNRESET');
  assert.equal(Buffer.concat(got).length, 1000);
  assert.equal(relay.isKillPending, false);
  const again = await connect(t, relay);
  again.write('y');
  assert.equal((await read(again, 1)).toString(), 'y');
});
