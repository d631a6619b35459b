/** Connections that cost their owner nothing: silent ones, ones that dribble, ones that do not read. */
import { connect, type Socket } from 'node:net';
import { hello, identity } from '../frames.ts';
import { encodeFrame, upgradeRequest } from '../fuzz/web-socket.ts';
import { type AttackCounts, keepUp } from './attack.ts';

const DRIBBLE_MS = 1000;
/** A frame's header that promises a megabyte. */
const PROMISE = encodeFrame(Buffer.alloc(0), { lengthBytes: 8, length: 1024 * 1024 });

type Manner = (socket: Socket, port: number, name: string) => void;

function dribble(socket: Socket, text: string | Buffer): void {
  const bytes = Buffer.from(text);
  let at = 0;
  const timer = setInterval(() => {
    socket.write(at < bytes.length ? bytes.subarray(at, ++at) : ' ');
  }, DRIBBLE_MS);
  socket.once('close', () => clearInterval(timer));
}

const MANNERS: readonly Manner[] = [
  // Says nothing at all.
  () => {},
  (socket, port) => dribble(socket, upgradeRequest(port, false)),
  (socket) => dribble(socket, 'GET /metrics HTTP/1.1\r\n'),
  // Is let in and never says who it is.
  (socket, port) => void socket.write(upgradeRequest(port, true)),
  (socket, port, name) => {
    socket.write(upgradeRequest(port, false));
    socket.once('data', () => {
      socket.write(encodeFrame(Buffer.from(JSON.stringify(hello(identity(name))))));
      socket.write(PROMISE);
      dribble(socket, '');
    });
  },
  // Asks for a body again and again, and reads none.
  (socket, port) => {
    socket.pause();
    socket.write(`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`.repeat(10));
  },
];

export async function slow(port: number, lanes: number, counts: AttackCounts): Promise<void> {
  await keepUp(lanes, async (lane) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.resume();
    socket.once('connect', () => {
      counts.connections++;
      MANNERS[lane % MANNERS.length]?.(socket, port, `slow-${lane}`);
    });
    await new Promise((resolve) => socket.once('close', resolve));
    counts.bytes += socket.bytesWritten;
  });
}
