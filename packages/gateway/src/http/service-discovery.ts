/**
 * `GET /sd`: Prometheus HTTP service discovery, for those who want a target for each host. One target group a host; all
 * share the gateway's address and differ in the `host` parameter, so that they share one cursor, too.
 *
 * Source of the format: prometheus.io/docs/prometheus/latest/http_sd.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Fleet } from '../fleet/fleet.ts';

export interface ServiceDiscoverySources {
  readonly fleet: Pick<Fleet, 'hosts'>;
  /** `--web.external-url`: where scrapers reach the gateway; empty where only the request can tell. */
  readonly externalUrl: () => string;
}

export function registerServiceDiscovery(
  app: FastifyInstance,
  { fleet, externalUrl }: ServiceDiscoverySources,
): void {
  app.get('/sd', (request, reply) => {
    const url = externalUrl();
    const external = url === '' ? null : placeOf(new URL(url));
    const { address, path, labels } = external ?? placeAsked(request);
    const groups = fleet.hosts().map(({ name }) => ({
      targets: [address],
      labels: {
        ...labels,
        __metrics_path__: `${path}/metrics`,
        __param_host: name,
        __meta_tributary_host: name,
        // Of the target's own `up`; the series bring theirs.
        instance: name,
      },
    }));
    return reply.type('application/json; charset=utf-8').send(groups);
  });
}

/** Where this request came to. By TLS it is known to have come by TLS; without, a proxy may have added it. */
function placeAsked({ host, protocol }: FastifyRequest) {
  return { address: host, path: '', labels: protocol === 'https' ? { __scheme__: 'https' } : {} };
}

/** The scheme only where it is known: it would go before that of the scrape config. */
function placeOf({ host, port, protocol, pathname }: URL) {
  const scheme = protocol.slice(0, -1);
  const address = port === '' ? `${host}:${scheme === 'https' ? 443 : 80}` : host;
  return { address, path: pathname.replace(/\/+$/, ''), labels: { __scheme__: scheme } };
}
