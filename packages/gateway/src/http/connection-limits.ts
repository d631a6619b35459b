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

/** To be called behind the hooks that turn requests away: what comes through them is let in. */
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
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    sockets.spoke(raw.socket);
    done();
  });
  const timer = setInterval(() => sockets.tick(), TICK_MS);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}
