import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startHttp } from './http-test-support.ts';
import { PIPELINED_MAX } from './pipelining.ts';

async function askAtOnce(url: URL, times: number): Promise<number> {
  const socket = connect(Number(url.port), '127.0.0.1');
  const request = (connection: string) =>
    `GET /-/healthy HTTP/1.1\r\nHost: ${url.host}\r\nConnection: ${connection}\r\n\r\n`;
  socket.write(request('keep-alive').repeat(times - 1) + request('close'));
  // A connection that is cut may end in a reset.
  const answers = await text(socket).catch(() => '');
  return answers.split('HTTP/1.1 200').length - 1;
}

test('a few requests may be sent at once', async (t) => {
  const bench = await startHttp(t);
  assert.equal(await askAtOnce(bench.url, PIPELINED_MAX), PIPELINED_MAX);
  assert.deepEqual(bench.told, []);
});

test('a connection with more of them is cut, and nobody else', async (t) => {
  const bench = await startHttp(t);
  assert.ok((await askAtOnce(bench.url, 1000)) <= PIPELINED_MAX);
  assert.deepEqual(bench.told, ['refused pipelined']);
  assert.equal((await bench.ask('/-/healthy')).status, 200);
});

test('one connection may ask as often as it likes, one by one', async (t) => {
  const bench = await startHttp(t);
  const socket = connect(Number(bench.url.port), '127.0.0.1');
  t.after(() => socket.destroy());
  for (let i = 0; i < PIPELINED_MAX * 3; i++) {
    socket.write(`GET /-/healthy HTTP/1.1\r\nHost: ${bench.url.host}\r\n\r\n`);
    const answer = await new Promise((resolve) => socket.once('data', resolve));
    assert.match(String(answer), /^HTTP\/1.1 200/);
  }
  assert.deepEqual(bench.told, []);
});

test('what stands behind the cut costs next to nothing', async (t) => {
  const bench = await startHttp(t);
  const piece = `GET /x HTTP/1.1\r\nHost: ${bench.url.host}\r\n\r\n`.repeat(1400);
  const before = process.cpuUsage();
  for (let i = 0; i < 40; i++) {
    const socket = connect(Number(bench.url.port), '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(piece);
    // By `once` of node:events a reset would be a failure.
    await new Promise((resolve) => socket.once('close', resolve));
  }
  const { user } = process.cpuUsage(before);
  t.diagnostic(`${user / 40_000} ms a connection`);
  // Twelve times as much where Node goes on to parse what will be thrown away.
  assert.ok(user / 1000 < 40 * 8, `${user / 1000} ms`);
  assert.equal((await bench.ask('/-/healthy')).status, 200);
});
