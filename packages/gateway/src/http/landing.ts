/** `GET /`: where to look, as Prometheus's programs have it. */
import type { FastifyInstance } from 'fastify';

const LINKS = [
  ['/metrics', 'the federated exposition'],
  ['/-/ready', 'whether it is ready'],
  ['/-/healthy', 'whether it lives'],
  ['/api/v1/hosts', 'the hosts, as JSON'],
  ['/api/v1/scrapers', 'who scrapes, and how far each is, as JSON'],
  ['/api/v1/status', 'the gateway, as JSON'],
  ['/sd', 'the hosts, for Prometheus HTTP service discovery'],
] as const;

export function registerLanding(app: FastifyInstance, version: string): void {
  const items = LINKS.map(([path, what]) => `<li><a href="${path}">${path}</a>: ${what}</li>`).join('\n');
  const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Tributary gateway</title></head>
<body>
<h1>Tributary gateway</h1>
<p>Version ${version}</p>
<ul>
${items}
</ul>
</body>
</html>
`;
  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
}
