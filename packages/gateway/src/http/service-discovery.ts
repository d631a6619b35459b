/**
 * `GET /sd`: Prometheus HTTP service discovery, for those who want a target for each host. One target group a host; all
 * share the gateway's address and differ in the `host` parameter, so that they share one cursor, too.
 *
 * Source of the format: prometheus.io/docs/prometheus/latest/http_sd.
 */
import type { FastifyInstance } from 'fastify';
import type { Fleet } from '../fleet/fleet.ts';

export interface ServiceDiscoverySources {
  readonly fleet: Pick<Fleet, 'hosts'>;
  /** `host:port` that scrapers reach the gateway at; null where only the request can tell. */
  readonly address: string | null;
}

export function registerServiceDiscovery(
  app: FastifyInstance,
  { fleet, address }: ServiceDiscoverySources,
): void {
  app.get('/sd', (request, reply) => {
    const target = address ?? request.host;
    const groups = fleet.hosts().map(({ name }) => ({
      targets: [target],
      labels: {
        __metrics_path__: '/metrics',
        __param_host: name,
        __meta_tributary_host: name,
        // Of the target's own `up`; the series bring theirs.
        instance: name,
      },
    }));
    return reply.type('application/json; charset=utf-8').send(groups);
  });
}
