/** `GET /metrics`: the federated exposition. */
import type { FastifyInstance } from 'fastify';
import { negotiateFormat, negotiateGzip } from '../exposition/accept.ts';
import type { Exposition } from '../exposition/exposition.ts';
import { contentType } from '../exposition/format.ts';
import { bodyStream } from '../exposition/stream.ts';
import type { GatewayMetrics } from '../telemetry/metrics.ts';
import type { Readiness } from './health.ts';

export interface MetricsSources {
  readonly exposition: Exposition;
  readonly metrics: Pick<GatewayMetrics, 'scrape' | 'scrapeFailed' | 'httpRefused'>;
  readonly readiness: Readiness;
  /** Told of errors that cut a body off. */
  readonly onFault: (error: Error) => void;
}

/** Each is a body in the making: more at once would only slow each other down. */
const CONCURRENT_MAX = 32;

export function registerMetrics(app: FastifyInstance, sources: MetricsSources): void {
  const { exposition, metrics, readiness, onFault } = sources;
  let running = 0;
  app.get('/metrics', { exposeHeadRoute: false }, async (request, reply) => {
    const notReady = readiness();
    const busy = running >= CONCURRENT_MAX;
    if (notReady !== null || busy) {
      metrics.httpRefused(busy ? 'busy' : 'not_ready');
      const reason = busy ? `${CONCURRENT_MAX} scrapes are being answered already` : notReady;
      return reply.code(503).type('text/plain; charset=utf-8').send(`not served: ${reason}\n`);
    }
    const startedMs = performance.now();
    const format = negotiateFormat(request.headers.accept);
    const gzip = negotiateGzip(request.headers['accept-encoding']?.toString());
    const body = bodyStream(await exposition.newest(format), gzip);
    running++;
    body.on('error', (error) => {
      metrics.scrapeFailed();
      onFault(error);
    });
    body.on('end', () => metrics.scrape(format, (performance.now() - startedMs) / 1000));
    body.on('close', () => running--);
    if (gzip) reply.header('content-encoding', 'gzip');
    return reply
      .header('content-type', contentType(format))
      .header('vary', 'accept, accept-encoding')
      .header('x-accel-buffering', 'no')
      .send(body);
  });
}
