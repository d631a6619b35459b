import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startHttp } from './http-test-support.ts';
import { REQUEST_BYTES_MAX } from './request-bytes.ts';

const PIECE_BYTES = 64 * 1024;
/** What the system itself takes before the gateway reads anything. */
const SOCKET_BYTES_MAX = 64 * 1024 * 1024;

/** Sends `first`, and then `rest` again and again until the connection is cut. @returns whether it was */
async function pour(url: URL, first: string, rest: string): Promise<boolean> {
  const socket = connect(Number(url.port), '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  const isClosed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(first);
  const piece = rest.repeat(Math.ceil(PIECE_BYTES / rest.length));
  while (!socket.destroyed && socket.bytesWritten < SOCKET_BYTES_MAX) {
    if (socket.write(piece)) await new Promise(setImmediate);
    else await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), isClosed]);
  }
  const wasCut = socket.destroyed;
  socket.destroy();
  return wasCut;
}

const ENDLESS: readonly (readonly [what: string, first: string, rest: string])[] = [
  ['blank lines', '', '\r\n\r\n'],
  [
    'the body of a request that is answered',
    'PUT /-/healthy HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n',
    'x',
  ],
];

for (const [what, first, rest] of ENDLESS) {
  test(`${what} without end: the connection is cut, and nobody else`, async (t) => {
    const bench = await startHttp(t);
    assert.ok(await pour(bench.url, first.replace('HOST', bench.url.host), rest));
    assert.deepEqual(bench.told, ['refused request_bytes']);
    assert.equal((await bench.ask('/-/healthy')).status, 200);
  });
}

test('requests with an expectation that nobody knows are answered, and have the limits of all others', async (t) => {
  const bench = await startHttp(t);
  const expecting = { headers: { Expect: 'wonders' } };
  assert.equal((await bench.ask('/-/healthy', expecting)).status, 200);
  const request = `GET /-/healthy HTTP/1.1\r\nHost: ${bench.url.host}\r\nExpect: wonders\r\n\r\n`;
  assert.ok(await pour(bench.url, '', request));
  assert.deepEqual(bench.told, ['refused pipelined']);
});

test('one connection may ask for ever', async (t) => {
  const bench = await startHttp(t);
  const socket = connect(Number(bench.url.port), '127.0.0.1');
  t.after(() => socket.destroy());
  const request = `GET /-/healthy HTTP/1.1\r\nHost: ${bench.url.host}\r\nX: ${'x'.repeat(8000)}\r\n\r\n`;
  for (let bytes = 0; bytes < 2 * REQUEST_BYTES_MAX; bytes += request.length) {
    socket.write(request);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(String(answer), /^HTTP\/1.1 200/);
  }
  assert.deepEqual(bench.told, []);
});

test('what left HTTP is not counted', async (t) => {
  const bench = await startHttp(t);
  const bytes = new Promise<number>((resolve) => {
    bench.upgrade = ({ socket }) => {
      let sum = 0;
      socket.on('data', (chunk: Buffer) => {
        sum += chunk.length;
      });
      socket.once('end', () => {
        socket.destroy();
        resolve(sum);
      });
    };
  });
  const socket = connect(Number(bench.url.port), '127.0.0.1');
  socket.write(
    `GET /v1/stream HTTP/1.1\r\nHost: ${bench.url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  socket.end('x'.repeat(2 * REQUEST_BYTES_MAX));
  assert.ok((await bytes) > REQUEST_BYTES_MAX);
  assert.deepEqual(bench.told, []);
});
