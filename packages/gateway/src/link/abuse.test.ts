import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { CLOSE_CODES } from '@tributary/shared/close-codes';
import { encodeFrame } from '@tributary/shared/encode';
import { DEFAULT_LIMITS, GAPS_PER_HELLO_MAX, HELLO_BYTES_MAX, HELLO_MS_MAX } from '@tributary/shared/limits';
import * as ws from 'ws';
import { WebSocket } from 'ws';
import { SqliteLedger } from '../ledger/sqlite/sqlite-ledger.ts';
import { rawFrame, socketOf, startLink } from './link-test-support.ts';
import { helloOf, NOW } from './test-support.ts';

const open = SqliteLedger.open;
const FIN = 0x80;
const RSV1 = 0x40;
const MIB = 1024 * 1024;
/** Where `ws` is told of each whole message; its typings do not have it. */
const receiverOf = (ws as unknown as { Receiver: { prototype: { dataMessage(): void } } }).Receiver.prototype;

const GAPS = Array.from({ length: GAPS_PER_HELLO_MAX }, (_, i) => ({
  from: 1e12 + 2 * i,
  to: 1e12 + 2 * i,
  fromAt: NOW - 1000,
  toAt: NOW,
  reason: 'spool_damaged_and_more_than_that',
}));

test('a hello with all the gaps that it may have is welcomed, and then frames may be as large as they may', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client({ perMessageDeflate: false });
  client.send(encodeFrame(helloOf({ gaps: GAPS, next: 2e12, oldest: 2e12 })));
  await client.next('welcome');
  assert.deepEqual(bench.greeted.length, 1);
  client.send(`{"kind":"shape","id":1,"families":[]${' '.repeat(DEFAULT_LIMITS.frameBytesMax - 100)}}`);
  client.send('{"kind":"bye"}');
  assert.equal((await client.closed).code, 1000);
});

test('before the hello little is kept: of one frame, of many pieces, and of what is inflated', async (t) => {
  const bench = await startLink(t, open);
  const tooLarge = CLOSE_CODES.FRAME_TOO_LARGE;
  const plain = await bench.client({ perMessageDeflate: false });
  // The length alone says it.
  socketOf(plain.socket).write(rawFrame(FIN | 1, Buffer.alloc(HELLO_BYTES_MAX + 1)).subarray(0, 20));
  assert.equal((await plain.closed).code, tooLarge);
  const bomb = await bench.client();
  socketOf(bomb.socket).write(rawFrame(FIN | RSV1 | 1, deflateRawSync(Buffer.alloc(HELLO_BYTES_MAX + 1))));
  assert.equal((await bomb.closed).code, tooLarge);
  const pieces = await bench.client({ perMessageDeflate: false });
  socketOf(pieces.socket).write(rawFrame(1, Buffer.from('{')));
  for (let i = 0; i < 64; i++) socketOf(pieces.socket).write(rawFrame(0, Buffer.from(' ')));
  assert.equal((await pieces.next('refuse')).message, 'a message came in too many pieces');
  assert.equal((await pieces.closed).code, CLOSE_CODES.BAD_FRAME);
  assert.deepEqual(bench.greeted, []);
});

test('a deflate bomb costs at most the limit', async (t) => {
  const bench = await startLink(t, open);
  // A gibibyte in a frame that is as large as a frame may be.
  const part = deflateRawSync(Buffer.alloc(64 * MIB), { finishFlush: 2 });
  const bomb = Buffer.concat(Array.from({ length: 15 }, () => part));
  assert.ok(bomb.length < MIB);
  const client = await bench.client();
  await client.greet();
  const before = process.memoryUsage().rss;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss - before);
  }, 1);
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  socketOf(client.socket).write(rawFrame(FIN | RSV1 | 1, bomb));
  assert.equal((await client.closed).code, CLOSE_CODES.FRAME_TOO_LARGE);
  clearInterval(watch);
  const { user, system } = process.cpuUsage(cpu);
  t.diagnostic(
    `${Math.round(most / MIB)} MiB, ${Math.round(performance.now() - startedMs)} ms, ${Math.round((user + system) / 1000)} ms of CPU`,
  );
  assert.ok(most < 64 * MIB, `${most}`);
});

test('pings and pongs without end are refused, the usual ones are not', async (t) => {
  const limited: string[] = [];
  const bench = await startLink(t, open, {
    observer: { limited: (host, limit) => void limited.push(`${host} ${limit}`) },
  });
  const calm = await bench.client();
  await calm.greet();
  for (let i = 0; i < 40; i++) calm.socket.ping();
  calm.batch(1);
  await calm.acked(1);
  for (const kind of ['ping', 'pong'] as const) {
    const flood = await bench.client();
    await flood.greet({ host: kind });
    for (let i = 0; i < 200; i++) flood.socket[kind]();
    assert.equal((await flood.closed).code, CLOSE_CODES.RATE);
  }
  assert.deepEqual(limited, ['ping control_frames', 'pong control_frames']);
});

test('whoever says no hello is sent away for a while, whatever else he sends', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client();
  for (let second = 0; second * 1000 <= HELLO_MS_MAX; second++) {
    client.socket.ping();
    await once(client.socket, 'pong');
    bench.clock.pass(1000);
  }
  assert.deepEqual(await client.next('refuse'), {
    kind: 'refuse',
    code: 'RATE',
    message: 'no hello came within 15 s',
    retryAfterMs: 5000,
  });
  assert.equal((await client.closed).code, CLOSE_CODES.RATE);
  assert.deepEqual(bench.greeted, []);
});

const JUNK = rawFrame(FIN | 1, Buffer.from('x'));
const DEFLATED_JUNK = rawFrame(FIN | RSV1 | 1, deflateRawSync(Buffer.from('x')));

for (const [what, first, rest] of [
  ['plain', JUNK, JUNK],
  ['compressed', DEFLATED_JUNK, DEFLATED_JUNK],
  ['plain behind a compressed one', DEFLATED_JUNK, JUNK],
] as const) {
  test(`what stands behind a stranger's refused frame is not even taken apart: ${what}`, async (t) => {
    const bench = await startLink(t, open);
    // Both ends are told here: the gateway of the first frame, the client of the refusal.
    const messages = t.mock.method(receiverOf, 'dataMessage');
    const client = await bench.client();
    socketOf(client.socket).write(Buffer.concat([first, ...Array.from({ length: 3000 }, () => rest)]));
    assert.equal((await client.closed).code, CLOSE_CODES.BAD_FRAME);
    while (bench.link.connections > 0) await new Promise(setImmediate);
    assert.deepEqual(bench.refusals, [' BAD_FRAME']);
    assert.equal(messages.mock.callCount(), 2);
  });
}

/** Counts turns of the event loop until the socket is closed. */
function turnsWhile(socket: WebSocket): () => number {
  let turns = 0;
  const count = () => {
    turns++;
    if (socket.readyState !== WebSocket.CLOSED) setImmediate(count);
  };
  setImmediate(count);
  return () => turns;
}

test('thousands of tiny compressed frames in one piece do not hold the event loop', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client();
  await client.greet();
  const turns = turnsWhile(client.socket);
  client.batch(1);
  await client.acked(1);
  // It is settled already, so nothing comes of it.
  const skip = deflateRawSync(Buffer.from('{"kind":"skip","from":1,"to":1,"reason":"x"}'));
  const skips = Array.from({ length: 1000 }, () => rawFrame(FIN | RSV1 | 1, skip));
  const before = turns();
  socketOf(client.socket).write(Buffer.concat([...skips, rawFrame(FIN | 1, Buffer.from('{"kind":"bye"}'))]));
  await client.closed;
  assert.ok(turns() - before > 10, `${turns() - before} turns`);
});

test('frames that were read in one piece and become a mebibyte each do not hold the event loop, nor those behind a close', async (t) => {
  const bench = await startLink(t, open);
  const blank = deflateRawSync(Buffer.from(`{"kind":"skip","from":1,"to":1,"x":"${' '.repeat(MIB - 100)}"}`));
  for (const first of [[], [JUNK]]) {
    const client = await bench.client();
    await client.greet();
    const turns = turnsWhile(client.socket);
    const messages = t.mock.method(receiverOf, 'dataMessage');
    const inflated = t.mock.method(Buffer, 'concat');
    const frames = Array.from({ length: 40 }, () => rawFrame(FIN | RSV1 | 1, blank));
    socketOf(client.socket).write(
      Buffer.concat([...first, ...frames, rawFrame(FIN | 1, Buffer.from('{"kind":"bye"}'))]),
    );
    await client.closed;
    const large = inflated.mock.calls.filter(({ result }) => (result?.length ?? 0) > MIB / 2).length;
    if (first.length === 0) assert.ok(turns() > 40 && messages.mock.callCount() > 40, `${turns()} turns`);
    else assert.equal(large, 0);
    messages.mock.restore();
    inflated.mock.restore();
  }
});

test('a stranger that goes on after it was sent away is cut', async (t) => {
  const bench = await startLink(t, open);
  const client = await bench.client({ perMessageDeflate: false });
  const socket = socketOf(client.socket);
  socket.on('error', () => {});
  client.send('x');
  const more = rawFrame(FIN | 1, Buffer.alloc(MIB));
  while (!socket.destroyed) {
    socket.write(more);
    await new Promise(setImmediate);
  }
  await client.closed;
  assert.deepEqual(bench.refusals, [' BAD_FRAME']);
  while (bench.link.connections > 0) await new Promise(setImmediate);
});
