/** `POST /-/reload`, as Prometheus's own: the configuration is read anew. */
import { OptionError } from '@tributary/shared/options';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { askedBy, only } from './access.ts';

/** @returns the options that take a restart. @throws OptionError when the configuration is not valid; it then stays as it was. */
export type Reload = (cause: string) => Promise<readonly string[]>;

export function registerReload(app: FastifyInstance, reload: Reload): void {
  app.register(async (scope) => {
    // Whatever comes as a body says nothing.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));
    // Prometheus takes both.
    scope.route({
      method: ['POST', 'PUT'],
      url: '/-/reload',
      ...only('admin'),
      handler: (request, reply) => answer(request, reply, reload),
    });
  });
}

async function answer(request: FastifyRequest, reply: FastifyReply, reload: Reload): Promise<FastifyReply> {
  reply.type('text/plain; charset=utf-8');
  try {
    const waiting = await reload(`${request.method} /-/reload by ${askedBy(request)}`);
    return reply.send(waiting.length === 0 ? '' : `these options take a restart: ${waiting.join(', ')}\n`);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    return reply.code(500).send(`failed to reload config: ${error.message}\n`);
  }
}
