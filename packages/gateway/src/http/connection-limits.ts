/** Puts the limits on connections into effect on a server. */
import type { Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { ConnectionRefusal } from '../limits/connection-refusal.ts';
import type { Connections } from '../limits/connections.ts';

export interface ConnectionSources {
  readonly sockets: Connections;
  /** Beyond so many, the system's new ones are closed before anything is made of them. */
  readonly connectionsMax: number;
  readonly connectionRefused: (reason: ConnectionRefusal, address: string) => void;
}

const TICK_MS = 1000;

/**
 * To be called behind the hooks that turn requests away and tell who asks. Who is known has spoken; a stranger, who may ask whether
 * the gateway lives, has not, and its connection ends with the answer: kept, it would take the place of one that a scraper
 * keeps, and with that the proof that the scraper has read the last exposition. A reporter that asks without an upgrade has no
 * use for it either.
 */
export function limitConnections(app: FastifyInstance, sources: ConnectionSources): void {
  const { sockets, connectionsMax, connectionRefused } = sources;
  const server: Server = app.server;
  server.maxConnections = connectionsMax;
  server.on('drop', (data) => connectionRefused('total', data?.remoteAddress ?? ''));
  server.on('connection', (socket) => sockets.opened(socket));
  server.on('request', ({ socket }, response) => {
    sockets.works(socket);
    response.once('close', () => sockets.idles(socket));
  });
  // From now on it is the link's.
  server.on('upgrade', ({ socket }) => sockets.works(socket));
  app.addHook('onRequest', ({ raw, principal, routeOptions }, reply, done) => {
    if (principal !== null && routeOptions.config.role !== 'report') sockets.spoke(raw.socket);
    // A proxy may ask for both on one connection.
    else if (sockets.isPending(raw.socket)) reply.header('connection', 'close');
    done();
  });
  const timer = setInterval(() => sockets.tick(), TICK_MS);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}
