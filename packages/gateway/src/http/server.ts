/** The gateway's HTTP server: fastify with the limits that this project wants, and every route by name. */

import { lookup } from 'node:dns/promises';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { STREAM_PATH } from '@tributary/shared/frames';
import { HOST_CHARS_MAX } from '@tributary/shared/limits';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { TlsServing } from '../trust/web-config/tls-serving.ts';
import { type AccessSources, guardRoutes, only, refuseStranger } from './access.ts';
import { type ApiSources, registerApi } from './api.ts';
import { type ConnectionSources, limitConnections } from './connection-limits.ts';
import { failure } from './envelope.ts';
import { registerHealth } from './health.ts';
import { registerLanding } from './landing.ts';
import type { ListenAddress } from './listen-address.ts';
import { refuseWrongMethods } from './methods.ts';
import { type MetricsSources, registerMetrics } from './metrics.ts';
import { limitPipelining } from './pipelining.ts';
import { registerPprof } from './pprof.ts';
import { type Reload, registerReload } from './reload.ts';
import { limitRequestBytes } from './request-bytes.ts';
import { registerScrapers, type ScraperSources } from './scrapers.ts';
import { registerServiceDiscovery } from './service-discovery.ts';
import { followWebConfig, setWebHeaders, type WebSource } from './web-config.ts';

export interface HttpSources
  extends AccessSources,
    ApiSources,
    MetricsSources,
    ConnectionSources,
    Omit<ScraperSources, 'observer'> {
  readonly observer: MetricsSources['observer'] & ScraperSources['observer'];
  /** `host:port` that scrapers reach the gateway at; null where only the request can tell. */
  readonly externalUrl: () => string;
  readonly reload: Reload;
  readonly web: WebSource;
  /** Takes WebSocket upgrades. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** A client keeps an idle connection for 5 minutes (Prometheus); the server must keep it for longer. */
const KEEP_ALIVE_MS = 310_000;
/** For the whole of a request to arrive, its head and its body. */
const REQUEST_MS = 15_000;
/** In parts of that: how often it is looked at. */
const REQUEST_LOOKS = 5;
/** A connection on which nothing moves for so long in the middle of an answer is cut. */
const STALL_MS = 30_000;
const BODY_BYTES_MAX = 64 * 1024;

/**
 * Builds the server; nothing listens yet.
 * @param stallMs as `STALL_MS`, for tests.
 * @param requestMs as `REQUEST_MS`, for tests.
 */
export function createHttp(
  sources: HttpSources,
  stallMs = STALL_MS,
  requestMs = REQUEST_MS,
): FastifyInstance {
  const answerError = (error: FastifyError, reply: FastifyReply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) sources.onFault(error);
    // What broke inside is for the log, not for strangers.
    const text = status >= 500 ? 'internal error; see the log of the gateway' : error.message;
    // The answer that failed may have described its body already.
    for (const name of ['content-encoding', 'content-type', 'vary']) reply.removeHeader(name);
    return reply.code(status).send(failure(status >= 500 ? 'internal' : 'bad_data', text));
  };
  const { tls, config } = sources.web;
  const settings = {
    headersTimeout: requestMs,
    connectionsCheckingInterval: requestMs / REQUEST_LOOKS,
    shouldUpgradeCallback: wantsWebSocket,
  };
  const app = fastify<Server>({
    logger: false,
    connectionTimeout: stallMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: requestMs,
    http: settings,
    ...(tls === null
      ? {}
      : {
          serverFactory: (handler: RequestListener) =>
            tls.createServer(handler, {
              ...settings,
              connectionTimeout: stallMs,
              keepAliveTimeout: KEEP_ALIVE_MS,
              requestTimeout: requestMs,
            }),
        }),
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    routerOptions: { maxParamLength: HOST_CHARS_MAX },
    // Addresses that cannot be read pass by all hooks, so the one on access is not asked either.
    frameworkErrors: (error, request, reply) => {
      // The typings make its answers depend on a route, and there is none.
      const untyped = reply as FastifyReply;
      setWebHeaders(untyped, config());
      refuseStranger(request as FastifyRequest, untyped, sources).then(
        (answered) => answered || answerError(error, untyped),
        (fault: FastifyError) => answerError(fault, untyped),
      );
    },
  });
  followWebConfig(app, sources.web, (reason) => sources.metrics.httpRefused(reason));
  app.addHook('onRequest', (request, _reply, done) => {
    // Whatever is asked: that the connection is used again proves that the last body on it was read.
    sources.connections.requested(request.raw.socket);
    done();
  });
  guardRoutes(app, sources);
  limitConnections(app, sources);
  refuseWrongMethods(app);
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(failure('not_found', 'no such page; see /')),
  );
  app.setErrorHandler((error: FastifyError, _request, reply) => answerError(error, reply));
  // What arrives here as a plain request came through something that does not pass upgrades on.
  app.get(STREAM_PATH, only('report'), (_request, reply) =>
    reply
      .code(426)
      .header('upgrade', 'websocket')
      .send(
        failure('bad_data', 'reporters connect here by WebSocket; does a proxy in between pass Upgrade on?'),
      ),
  );
  registerLanding(app, sources.version);
  registerMetrics(app, sources);
  registerHealth(app, sources.readiness);
  registerReload(app, sources.reload);
  registerPprof(app);
  registerApi(app, sources);
  registerScrapers(app, sources);
  registerServiceDiscovery(app, { fleet: sources.fleet, externalUrl: sources.externalUrl });
  app.server.on('upgrade', sources.upgrade);
  limitRequestBytes(app.server, () => sources.metrics.httpRefused('request_bytes'));
  limitPipelining(app.server, () => sources.metrics.httpRefused('pipelined'));
  return app;
}

/** Other upgrades may be left unheeded (RFC 9110, 7.8), as that to HTTP/2 which curl offers by `--http2`. */
function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return /^websocket$/i.test(headers.upgrade ?? '');
}

/**
 * @param tls by which it is served; null without.
 * @returns the URL that it listens on.
 * @throws the system's error, such as EADDRINUSE.
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: ListenAddress,
  tls: TlsServing | null = null,
): Promise<string> {
  await app.listen({ host, port });
  const { address, family, port: bound } = app.server.address() as AddressInfo;
  // Of a server that it has not made itself, fastify leaves all but the first address of localhost to others.
  if (tls !== null && host === 'localhost') {
    const others = (await lookup(host, { all: true })).filter((other) => other.address !== address);
    for (const other of others) await tls.alsoListen(app.server, other.address, bound);
  }
  return `${tls === null ? 'http' : 'https'}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}
