/** Connections that send as fast as it is taken: garbage of every kind, and deflate bombs. */
import { connect, type Socket } from 'node:net';
import { type Random, randomOf } from '@tributary/shared/random';
import { hello, identity } from '../frames.ts';
import { httpGarbage } from '../fuzz/http-garbage.ts';
import { deflate, encodeFrame, upgradeRequest } from '../fuzz/web-socket.ts';
import { type AttackCounts, keepUp } from './attack.ts';

const BYTES_PER_PIECE = 64 * 1024;
/** Inflates to a thousand times as much. */
const BOMB = encodeFrame(deflate(Buffer.alloc(64 * 1024 * 1024), 9), { reserved: 4 });
/** Just what is taken: JSON of a megabyte that is deep, in a kilobyte. */
const DEEP_BOMB = encodeFrame(deflate(Buffer.alloc(1024 * 1024, '['), 9), { reserved: 4 });
const GARBAGE = Buffer.from(Array.from({ length: BYTES_PER_PIECE }, (_, i) => (i * 167 + (i >> 3)) & 255));
const NOT_JSON = encodeFrame(Buffer.alloc(1024, 'x'));
const JUNK_FRAME = encodeFrame(Buffer.from(JSON.stringify({ kind: 'batch', seq: 1, at: 1, groups: [] })));

type Source = (port: number, random: Random) => { readonly upgrade: boolean; readonly bytes: Buffer };

const SOURCES: readonly Source[] = [
  () => ({ upgrade: false, bytes: GARBAGE }),
  (port, random) => ({ upgrade: false, bytes: httpGarbage(port, random) }),
  (port) => ({
    upgrade: false,
    bytes: Buffer.from(`GET /x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`.repeat(100)),
  }),
  () => ({ upgrade: true, bytes: GARBAGE }),
  () => ({ upgrade: true, bytes: NOT_JSON }),
  () => ({ upgrade: true, bytes: JUNK_FRAME }),
];

export async function garbage(port: number, lanes: number, counts: AttackCounts): Promise<void> {
  await keepUp(lanes, async (lane) => {
    const { upgrade, bytes } = (SOURCES[lane % SOURCES.length] ?? NOTHING)(
      port,
      randomOf(counts.connections),
    );
    await pour(port, upgrade ? upgradeRequest(port, false) : '', bytes, counts);
  });
}

const NOTHING: Source = () => ({ upgrade: false, bytes: Buffer.from(' ') });

/** One in two says who it is first. */
export async function bombs(port: number, lanes: number, counts: AttackCounts): Promise<void> {
  await keepUp(lanes, async (lane) => {
    const who = encodeFrame(Buffer.from(JSON.stringify(hello(identity(`bomb-${lane}`)))));
    const bytes = lane % 4 < 2 ? BOMB : DEEP_BOMB;
    await pour(
      port,
      upgradeRequest(port, true),
      lane % 2 === 0 ? Buffer.concat([who, bytes]) : bytes,
      counts,
    );
  });
}

/** Sends the same again and again until the other end has had enough. */
async function pour(port: number, first: string, bytes: Buffer, counts: AttackCounts): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.resume();
  socket.once('connect', () => {
    counts.connections++;
    if (first === '') return fill(socket, bytes);
    socket.write(first);
    socket.once('data', () => fill(socket, bytes));
  });
  await new Promise((resolve) => socket.once('close', resolve));
  counts.bytes += socket.bytesWritten;
}

/** In turns, since what is read as fast as it is written would never let go of the loop. */
function fill(socket: Socket, bytes: Buffer): void {
  const piece = bytes.length >= BYTES_PER_PIECE ? bytes : Buffer.concat(repeated(bytes));
  const more = () => {
    if (socket.destroyed) return;
    if (socket.write(piece)) setImmediate(more);
    else socket.once('drain', more);
  };
  more();
}

function repeated(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(BYTES_PER_PIECE / Math.max(1, bytes.length)) }, () => bytes);
}
