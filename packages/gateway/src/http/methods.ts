/** A known path that is asked for by another method is a 405 that says which methods there are, not a missing page. */
import type { FastifyInstance } from 'fastify';
import { failure } from './envelope.ts';

interface Known {
  /** Of the path; `:name` stands for any part. */
  readonly parts: readonly string[];
  readonly methods: Set<string>;
}

/** To be called before routes are registered. */
export function refuseWrongMethods(app: FastifyInstance): void {
  const routes = new Map<string, Known>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? { parts: url.split('/'), methods: new Set() };
    routes.set(url, known);
    for (const name of [method].flat()) known.methods.add(name);
  });
  // As early as this, since what came as a body is not looked at then.
  app.addHook('onRequest', (request, reply, done) => {
    const allowed = request.is404 ? methodsOf(routes.values(), request.url) : '';
    if (allowed === '') return done();
    const error = `${request.method} is not for this page; there is ${allowed}`;
    reply.code(405).header('allow', allowed).send(failure('bad_data', error));
  });
}

/** As in `Allow`; empty for a path that no route has. */
function methodsOf(routes: Iterable<Known>, url: string): string {
  const asked = url.replace(/\?.*/s, '').split('/');
  for (const { parts, methods } of routes) {
    if (parts.length !== asked.length) continue;
    if (parts.every((part, i) => (part.startsWith(':') ? asked[i] !== '' : part === asked[i])))
      return [...methods].sort().join(', ');
  }
  return '';
}
