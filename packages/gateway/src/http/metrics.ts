/** `GET /metrics`: the federated exposition. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { negotiateFormat, negotiateGzip } from '../exposition/accept.ts';
import type { Exposition } from '../exposition/exposition.ts';
import { contentType, type Format } from '../exposition/format.ts';
import { bodyStream } from '../exposition/stream.ts';
import type { GatewayMetrics } from '../telemetry/metrics.ts';
import type { Readiness } from './health.ts';
import { type MetricsQuery, parseMetricsQuery } from './metrics-query.ts';

export interface MetricsSources {
  readonly exposition: Pick<Exposition, 'newest'>;
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
/** No scrape waits for longer; whoever takes a body drop by drop must not keep its place for ever. */
const SCRAPE_MS_MAX = 120_000;

export function registerMetrics(app: FastifyInstance, sources: MetricsSources): void {
  const { exposition, metrics, serving, onFault } = sources;
  let running = 0;
  const refuse = (reply: FastifyReply): string | null => {
    const notServed = serving();
    if (notServed === null && running < CONCURRENT_MAX) return null;
    metrics.httpRefused(notServed === null ? 'busy' : 'not_ready');
    reply.code(503).type('text/plain; charset=utf-8');
    return `not served: ${notServed ?? `${CONCURRENT_MAX} scrapes are being answered already`}\n`;
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
    const { selection } = readQuery(request.url);
    const startedMs = performance.now();
    const format = negotiateFormat(request.headers.accept);
    const gzip = negotiateGzip(request.headers['accept-encoding']?.toString());
    running++;
    let body: ReturnType<typeof bodyStream>;
    try {
      body = bodyStream(await exposition.newest(format, selection), gzip);
    } catch (error) {
      running--;
      metrics.scrapeFailed();
      throw error;
    }
    const deadline = setTimeout(
      () => body.destroy(new Error(`a scrape took longer than ${SCRAPE_MS_MAX} ms`)),
      SCRAPE_MS_MAX,
    );
    body.on('error', (error) => {
      metrics.scrapeFailed();
      // Before its head is sent a failure can still be answered, and the error handler tells of it.
      if (!reply.raw.headersSent) return;
      onFault(error);
      // A reset, since over HTTP/1.0 a mere end would pass for the end of the body.
      request.raw.socket.resetAndDestroy();
    });
    body.on('end', () => metrics.scrape(format, (performance.now() - startedMs) / 1000));
    body.on('close', () => {
      running--;
      clearTimeout(deadline);
    });
    if (gzip) reply.header('content-encoding', 'gzip');
    return describeBody(reply, format).send(body);
  });
}

function describeBody(reply: FastifyReply, format: Format): FastifyReply {
  return reply
    .header('content-type', contentType(format))
    .header('vary', 'accept, accept-encoding')
    .header('x-accel-buffering', 'no');
}
