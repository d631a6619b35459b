/** `GET /metrics`: the federated exposition; a replay for scrapers, the newest points for anyone else. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { formatDuration } from '@tributary/shared/units';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { negotiateFormat, negotiateGzip } from '../exposition/accept.ts';
import { BodyBuffers } from '../exposition/body-buffers.ts';
import type { Exposition } from '../exposition/exposition.ts';
import { contentType, type Format } from '../exposition/format.ts';
import type { Tally } from '../exposition/own-lines.ts';
import { type Client, readClient } from '../exposition/replay/client.ts';
import type { ScrapeConnection, ScrapeConnections } from '../exposition/replay/connection.ts';
import type { ScraperObserver } from '../exposition/replay/observer.ts';
import type { Replay, Replays } from '../exposition/replay/replay.ts';
import { bodyStream } from '../exposition/stream.ts';
import { plainAddress } from '../limits/address-key.ts';
import type { GatewayMetrics } from '../telemetry/metrics.ts';
import { nameOf, type Principal } from '../trust/principal.ts';
import { isScraperName } from '../trust/scraper-name.ts';
import type { Readiness } from './health.ts';
import { type MetricsQuery, parseMetricsQuery } from './metrics-query.ts';
import type { ReplayBounds } from './scrapers.ts';
import { Slots } from './slots.ts';

export interface MetricsSources {
  readonly exposition: Pick<Exposition, 'newest' | 'replay' | 'prepare'>;
  readonly replays: Pick<Replays, 'prepare'>;
  readonly connections: ScrapeConnections;
  readonly bounds: ReplayBounds;
  readonly observer: Pick<ScraperObserver, 'scraped' | 'capped'>;
  readonly metrics: Pick<GatewayMetrics, 'scrape' | 'scrapeFailed' | 'httpRefused'>;
  /**
   * Null while expositions are served, otherwise one line that says why not. Not the same as being ready: what is known
   * is shown also while the ledger cannot commit.
   */
  readonly serving: Readiness;
  /** Told of errors that cut a body off. */
  readonly onFault: (error: Error) => void;
}

/** Each is a body in the making: more at once would only slow each other down. */
const CONCURRENT_MAX = 32;
/** Scrapes that wait for their turn: with a target for each host a moment's pause brings hundreds at once. */
const WAITING_MAX = 1024;
/** No scrape waits for longer; whoever takes a body drop by drop must not keep its place for ever. */
const SCRAPE_MS_MAX = 120_000;

interface Body {
  readonly chunks: Generator<Buffer, void, undefined>;
  readonly buffers: BodyBuffers;
  readonly tally: Tally;
  /** Null for whoever moves no cursor. */
  readonly replay: Replay | null;
}

export function registerMetrics(app: FastifyInstance, sources: MetricsSources): void {
  const { metrics, serving } = sources;
  const slots = new Slots(CONCURRENT_MAX, WAITING_MAX);
  const refuse = (reply: FastifyReply): string | null => {
    const notServed = serving();
    if (notServed === null && !slots.isFull) return null;
    metrics.httpRefused(notServed === null ? 'busy' : 'not_ready');
    reply.code(503).type('text/plain; charset=utf-8');
    return `not served: ${notServed ?? `${CONCURRENT_MAX} scrapes are being answered and ${WAITING_MAX} wait`}\n`;
  };
  const readQuery = (url: string): MetricsQuery => {
    try {
      return parseMetricsQuery(url);
    } catch (error) {
      metrics.httpRefused('bad_query');
      throw error;
    }
  };
  app.head('/metrics', (request, reply) => {
    const refusal = refuse(reply);
    if (refusal !== null) return reply.send(refusal);
    readQuery(request.url);
    return describeBody(reply, negotiateFormat(request.headers.accept)).send();
  });
  // A HEAD by fastify's own means would make a body only to throw it away.
  app.get('/metrics', { exposeHeadRoute: false }, async (request, reply) => {
    const refusal = refuse(reply);
    if (refusal !== null) return reply.send(refusal);
    const query = named(readQuery(request.url), request.principal);
    const startedMs = performance.now();
    const format = negotiateFormat(request.headers.accept);
    await slots.take();
    // Whoever has gone while it waited needs no body, and must not seem to have been sent one.
    if (request.raw.socket.destroyed) {
      slots.give();
      return reply.hijack();
    }
    try {
      const body = await prepare(sources, request.raw, query, format);
      const gzip = negotiateGzip(request.headers['accept-encoding']?.toString());
      return send(sources, reply, body, { format, gzip, startedMs, done: () => slots.give() });
    } catch (error) {
      slots.give();
      metrics.scrapeFailed();
      throw error;
    }
  });
}

/** A scraper with a credential of its own need not be named in its URL. */
function named(query: MetricsQuery, principal: Principal | null): MetricsQuery {
  const name = principal === null ? '' : nameOf(principal);
  return query.scraper === null && isScraperName(name) ? { ...query, scraper: name } : query;
}

async function prepare(
  sources: MetricsSources,
  request: IncomingMessage,
  query: MetricsQuery,
  format: Format,
): Promise<Body> {
  const { exposition, replays } = sources;
  const { selection } = query;
  const tally: Tally = { own: 0, bytes: 0 };
  const client = readClient(request, format, query);
  let replay: Replay | null = null;
  if (client !== null) {
    const connection = connectionOf(sources.connections, request);
    await exposition.prepare(selection);
    replay = await replays.prepare(replayRequest(query, client, connection));
    // Whoever gets no cursor has no name that others could share.
    if (replay !== null) tell(sources, request, query, { ...client, format }, connection);
  }
  try {
    const buffers = new BodyBuffers();
    const chunks =
      replay === null
        ? await exposition.newest(format, selection, tally, buffers)
        : await exposition.replay(format, replay.input, selection, tally, buffers);
    return { chunks, buffers, tally, replay };
  } catch (error) {
    replay?.failed();
    throw error;
  }
}

/** What the log may want to know of a scrape. */
function tell(
  { bounds, observer }: MetricsSources,
  { socket, headers }: IncomingMessage,
  { scraper: name, selection, windowMs, maxPoints }: MetricsQuery,
  client: Client & { readonly format: Format },
  connection: ScrapeConnection,
): void {
  const { matches, scope } = selection;
  const address = plainAddress(`${socket.remoteAddress}:${socket.remotePort}`);
  const agent = headers['user-agent'] ?? '';
  observer.scraped({ name, selection: matches, scope, connection, address, agent, ...client });
  const called = name ?? connection.address;
  if (windowMs !== null && windowMs > bounds.windowMs()) {
    const given = formatDuration(bounds.windowMs());
    observer.capped(called, { asked: `window=${formatDuration(windowMs)}`, given, flag: '--replay.window' });
  }
  if (maxPoints !== null && maxPoints > bounds.pointsMax()) {
    const given = `${bounds.pointsMax()}`;
    observer.capped(called, { asked: `max_points=${maxPoints}`, given, flag: '--replay.max-points' });
  }
}

function replayRequest(query: MetricsQuery, client: Client, connection: ScrapeConnection) {
  const { selection, scraper, windowMs, maxPoints, maxBytes, order, fromWindow } = query;
  return {
    name: scraper,
    client,
    connection,
    selection: selection.matches,
    filter: selection,
    scope: { name: selection.scope, includesHost: (host: string) => selection.includesHost(host) },
    windowMs,
    pointsMax: maxPoints,
    bytesMax: maxBytes,
    order,
    fromWindow,
  };
}

function connectionOf(connections: ScrapeConnections, { socket }: IncomingMessage): ScrapeConnection {
  return connections.of(socket, socket.remoteAddress ?? '', (closed) => socket.once('close', closed));
}

interface Sending {
  readonly format: Format;
  readonly gzip: boolean;
  readonly startedMs: number;
  /** To be called when the body is gone, one way or another. */
  readonly done: () => void;
}

function send(
  { metrics, onFault }: MetricsSources,
  reply: FastifyReply,
  { chunks, buffers, tally, replay }: Body,
  { format, gzip, startedMs, done }: Sending,
): FastifyReply {
  const body = bodyStream(chunks, gzip, buffers);
  const deadline = setTimeout(
    () => body.destroy(new Error(`a scrape took longer than ${SCRAPE_MS_MAX} ms`)),
    SCRAPE_MS_MAX,
  );
  let isWhole = false;
  body.on('error', (error) => {
    metrics.scrapeFailed();
    replay?.failed();
    // Before its head is sent a failure can still be answered, and the error handler tells of it.
    if (!reply.raw.headersSent) return;
    onFault(error);
    cut(reply.raw.socket);
  });
  body.on('end', () => {
    isWhole = true;
    metrics.scrape(format, (performance.now() - startedMs) / 1000);
  });
  body.on('close', () => {
    done();
    clearTimeout(deadline);
  });
  // Only now all of it is with the system; that it was read is shown by what comes on this connection later.
  reply.raw.once('finish', () => {
    // What ended may have been an answer that tells of an error.
    if (isWhole) replay?.completed(tally.own, tally.bytes, performance.now() - startedMs);
  });
  if (gzip) reply.header('content-encoding', 'gzip');
  return describeBody(reply, format).send(body);
}

/**
 * By a reset, since over HTTP/1.0 a mere end would pass for the end of the body. By TLS such an end is known for what it is,
 * since it comes without the closing alert; and Node resets no such socket.
 */
function cut(socket: Socket | null): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket?.resetAndDestroy();
}

function describeBody(reply: FastifyReply, format: Format): FastifyReply {
  return reply
    .header('content-type', contentType(format))
    .header('vary', 'accept, accept-encoding')
    .header('x-accel-buffering', 'no');
}
