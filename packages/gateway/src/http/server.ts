/** The gateway's HTTP server: fastify with the limits that this project wants, and every route by name. */

import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import { refuseUnlessLoopback } from './access.ts';
import { type ApiSources, failure, registerApi } from './api.ts';
import { registerHealth } from './health.ts';
import { registerLanding } from './landing.ts';
import type { ListenAddress } from './listen-address.ts';
import { type MetricsSources, registerMetrics } from './metrics.ts';

export interface HttpSources extends ApiSources, MetricsSources {
  /** Takes WebSocket upgrades. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** A client keeps an idle connection for 5 minutes (Prometheus); the server must keep it for longer. */
const KEEP_ALIVE_MS = 310_000;
/** For the head of a request to arrive. */
const REQUEST_MS = 15_000;
const BODY_BYTES_MAX = 64 * 1024;

/** Builds the server; nothing listens yet. */
export function createHttp(sources: HttpSources): FastifyInstance {
  const app = fastify({
    logger: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_MS,
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
  });
  app.addHook('onRequest', (request, reply, done) => {
    const { headers, socket } = request.raw;
    const refused = refuseUnlessLoopback({ headers, remoteAddress: socket.remoteAddress });
    if (refused === null) return done();
    sources.metrics.httpRefused(refused.reason);
    reply.code(refused.status).send(failure('forbidden', refused.message));
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(failure('not_found', 'no such page; see /')),
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) sources.onFault(error);
    // What broke inside is for the log, not for strangers.
    const text = status >= 500 ? 'internal error; see the log of the gateway' : error.message;
    return reply.code(status).send(failure(status >= 500 ? 'internal' : 'bad_data', text));
  });
  registerLanding(app, sources.version);
  registerMetrics(app, sources);
  registerHealth(app, sources.readiness);
  registerApi(app, sources);
  app.server.on('upgrade', sources.upgrade);
  return app;
}

/** @returns the URL that it listens on. @throws the system's error, such as EADDRINUSE. */
export async function listen(app: FastifyInstance, { host, port }: ListenAddress): Promise<string> {
  await app.listen({ host, port });
  const { address, family, port: bound } = app.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}
