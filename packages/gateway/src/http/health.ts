/** `/-/healthy` and `/-/ready`, as Prometheus's own. */
import type { FastifyInstance } from 'fastify';
import { only } from './access.ts';

/** Null when the gateway is ready, otherwise one line that says why not. */
export type Readiness = () => string | null;

export function registerHealth(app: FastifyInstance, readiness: Readiness): void {
  app.get('/-/healthy', only('anyone'), (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send('Tributary gateway is Healthy.\n'),
  );
  app.get('/-/ready', only('anyone'), (request, reply) => {
    const reason = readiness();
    // What is wrong inside is none of a stranger's business.
    const why = request.principal === null ? '' : `: ${reason}`;
    return reply
      .code(reason === null ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .send(reason === null ? 'Tributary gateway is Ready.\n' : `Tributary gateway is not Ready${why}\n`);
  });
}
