/** `POST /-/reload`, as Prometheus's own: the configuration is read anew. */
import { OptionError } from '@tributary/shared/options';
import type { FastifyInstance } from 'fastify';
import { askedBy, only } from './access.ts';

/** @throws OptionError when the configuration is not valid; it then stays as it was. */
export type Reload = (cause: string) => Promise<void>;

export function registerReload(app: FastifyInstance, reload: Reload): void {
  // Prometheus takes both.
  app.route({
    method: ['POST', 'PUT'],
    url: '/-/reload',
    ...only('admin'),
    handler: async (request, reply) => {
      reply.type('text/plain; charset=utf-8');
      try {
        await reload(`${request.method} /-/reload by ${askedBy(request)}`);
        return reply.send('');
      } catch (error) {
        if (!(error instanceof OptionError)) throw error;
        return reply.code(500).send(`failed to reload config: ${error.message}\n`);
      }
    },
  });
}
