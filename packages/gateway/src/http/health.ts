/** `/-/healthy` and `/-/ready`, as Prometheus's own. */
import type { FastifyInstance } from 'fastify';

/** Null when the gateway is ready, otherwise one line that says why not. */
export type Readiness = () => string | null;

export function registerHealth(app: FastifyInstance, readiness: Readiness): void {
  app.get('/-/healthy', (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send('Tributary gateway is Healthy.\n'),
  );
  app.get('/-/ready', (_request, reply) => {
    const reason = readiness();
    return reply
      .code(reason === null ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .send(
        reason === null ? 'Tributary gateway is Ready.\n' : `Tributary gateway is not Ready: ${reason}\n`,
      );
  });
}
