/** What the web configuration says of answers: their headers, and how many there are. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { RequestLimiter } from '../trust/web-config/request-limiter.ts';
import type { TlsServing } from '../trust/web-config/tls-serving.ts';
import type { WebConfig } from '../trust/web-config/web-config.ts';
import { failure } from './envelope.ts';

export interface WebSource {
  /** As it is now. */
  readonly config: () => WebConfig;
  /** Null for plain HTTP. */
  readonly tls: TlsServing | null;
}

/** @param refused told of each request that is one too many. */
export function followWebConfig(
  app: FastifyInstance,
  { config, tls }: WebSource,
  refused: (reason: string) => void,
): void {
  const limiter = new RequestLimiter(
    () => config().rateLimit,
    () => performance.now(),
  );
  app.addHook('onRequest', (_request, reply, done) => {
    setWebHeaders(reply, config());
    if (limiter.take()) return done();
    refused('rate_limit');
    reply
      .code(429)
      .header('retry-after', limiter.retrySeconds)
      .send(
        failure('too_many_requests', 'more requests come than rate_limit of the web configuration allows'),
      );
  });
  // The server would wait for them, and does not know them yet.
  app.addHook('preClose', (done) => {
    tls?.close();
    done();
  });
}

/** For those answers too that no hook sees. */
export function setWebHeaders(reply: FastifyReply, { headers }: WebConfig): void {
  for (const [name, value] of headers) reply.header(name, value);
}
