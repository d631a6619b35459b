/**
 * What may come on a connection from one request to the next. Node reads on for as long as something comes: blank lines before a
 * request, the body of one that was answered already, requests that it answers itself. All of these cost so little that a
 * few connections are read from at the speed of memory, and nothing else has a turn meanwhile.
 */
import type { IncomingMessage, Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

/** Several times the longest body and the longest head that are taken, with what is read in one piece. */
export const REQUEST_BYTES_MAX = 256 * 1024;

interface Tally {
  bytes: number;
  readonly count: (chunk: Buffer) => void;
}

/** @param onCut told once for each connection that is cut. */
export function limitRequestBytes(server: Server, onCut: () => void): void {
  const tallies = new WeakMap<Socket, Tally>();
  // Behind Node's own listener. One for data makes Node hand over what it reads, which its parser would else take by itself.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    const count = (chunk: Buffer) => {
      tally.bytes += chunk.length;
      if (tally.bytes <= REQUEST_BYTES_MAX || socket.destroyed) return;
      onCut();
      socket.destroy();
    };
    const tally: Tally = { bytes: 0, count };
    tallies.set(socket, tally);
    socket.prependListener('data', count);
  });
  server.on('request', ({ socket }: IncomingMessage) => {
    const tally = tallies.get(socket);
    if (tally !== undefined) tally.bytes = 0;
  });
  // From now on it is the link's, which has limits of its own.
  server.on('upgrade', ({ socket }: IncomingMessage) => {
    const tally = tallies.get(socket);
    if (tally !== undefined) socket.removeListener('data', tally.count);
  });
  // Any other expectation than that of `100 Continue` may be left unheeded (RFC 9110, 10.1.1); Node would answer it past all limits.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}
