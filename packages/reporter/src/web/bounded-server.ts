/** A small HTTP server for a few programs: few connections, short requests, and whoever is too slow is cut off. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type HostPort, isLoopbackAddress } from '@tributary/shared/loopback';
import { createServer } from '../node-http.ts';

/** Times in ms. */
export interface ServerLimits {
  readonly connectionsMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** A connection on which nothing moves in the middle of an answer is cut. */
  readonly stallTimeoutMs: number;
  /** Connections of one address other than this machine. */
  readonly addressMax: number;
  /** Requests of a connection that wait for their answers. */
  readonly pipelinedMax: number;
}

export const SERVER_LIMITS: ServerLimits = {
  connectionsMax: 64,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 15_000,
  idleTimeoutMs: 10_000,
  stallTimeoutMs: 15_000,
  addressMax: 16,
  pipelinedMax: 8,
};

/**
 * Connections that were ended: too many at a time, of all or of one address, too slow to ask or to read, no HTTP, or too many
 * requests at once.
 */
export const DROP_REASONS = [
  'connections',
  'address',
  'timeout',
  'stalled',
  'malformed',
  'pipelined',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

export interface ServerParts {
  readonly onDropped: (reason: DropReason) => void;
  /** Told of what should not happen; whoever asked gets a 500. */
  readonly onFault: (error: Error) => void;
  readonly limits?: ServerLimits | undefined;
}

const HEADER_BYTES_MAX = 8 * 1024;
const LOOK_MS = 1_000;

export function createBoundedServer(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  { onDropped, onFault, limits = SERVER_LIMITS }: ServerParts,
): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.idleTimeoutMs,
      connectionsCheckingInterval: LOOK_MS,
    },
    (request, response) => {
      if (isOneTooMany(request, response, limits.pipelinedMax)) {
        onDropped('pipelined');
        return void request.socket.destroy();
      }
      answer(request, response).catch((error: Error) => {
        onFault(error);
        if (response.headersSent) response.destroy();
        else reply(response, 500, 'the reporter failed; its log says why\n');
      });
    },
  );
  server.maxConnections = limits.connectionsMax;
  server.on('drop', () => onDropped('connections'));
  limitAddresses(server, limits.addressMax, () => onDropped('address'));
  server.setTimeout(limits.stallTimeoutMs, (socket: Socket) => {
    onDropped('stalled');
    socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    onDropped(isLate ? 'timeout' : 'malformed');
    endWith(socket as Socket, isLate ? '408 Request Timeout' : '400 Bad Request');
  });
  return server;
}

/** Whoever else there is on the network, programs of this machine find a place. */
function limitAddresses(server: Server, max: number, onDropped: () => void): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const { remoteAddress = '' } = socket;
    if (isLoopbackAddress(remoteAddress)) return;
    const count = (counts.get(remoteAddress) ?? 0) + 1;
    if (count > max) {
      onDropped();
      return void socket.destroy();
    }
    counts.set(remoteAddress, count);
    socket.once('close', () => {
      const left = (counts.get(remoteAddress) ?? 1) - 1;
      if (left === 0) counts.delete(remoteAddress);
      else counts.set(remoteAddress, left);
    });
  });
}

/** By connection, requests that wait for their answers. */
const waiting = new WeakMap<Socket, number>();

function isOneTooMany({ socket }: IncomingMessage, response: ServerResponse, max: number): boolean {
  const count = (waiting.get(socket) ?? 0) + 1;
  waiting.set(socket, count);
  response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
  return count > max;
}

/** @throws the system's error when it cannot listen. */
export async function listenOn(server: Server, { host, port }: HostPort): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Without a host, on every address of the machine.
    server.listen(port, ...(host === '' ? [] : [host]), () => {
      server.off('error', reject);
      resolve();
    });
  });
}

export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

export function reply(response: ServerResponse, status: number, text: string): void {
  if (text !== '') {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.setHeader('x-content-type-options', 'nosniff');
  }
  response.writeHead(status, { 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function endWith(socket: Socket, status: string): void {
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  socket.destroySoon();
}
