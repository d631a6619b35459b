/** What the limits turned away (docs/LIMITS.md). */
import { Counter, type Registry } from 'prom-client';
import { CONNECTION_REFUSALS, type ConnectionRefusal } from '../limits/connection-refusal.ts';
import { HOST_LIMITS, type HostLimit } from '../limits/limit-name.ts';

export interface LimitMetrics {
  /** A host was over a limit. */
  limited(limit: HostLimit): void;
  connectionRefused(reason: ConnectionRefusal): void;
}

export function createLimitMetrics(registry: Registry): LimitMetrics {
  const registers = [registry];
  const limited = new Counter({
    name: 'tributary_gateway_limited_total',
    help: 'How often any host was over a limit: something was turned away for that, or it had to wait.',
    labelNames: ['limit'],
    registers,
  });
  const refused = new Counter({
    name: 'tributary_gateway_connections_refused_total',
    help: 'Connections that were closed for a limit before anybody spoke on them who may, or while they were idle.',
    labelNames: ['reason'],
    registers,
  });
  // From zero on, so that increase() sees the first of each.
  for (const limit of HOST_LIMITS) limited.inc({ limit }, 0);
  for (const reason of CONNECTION_REFUSALS) refused.inc({ reason }, 0);
  return {
    limited: (limit) => limited.inc({ limit }),
    connectionRefused: (reason) => refused.inc({ reason }),
  };
}
