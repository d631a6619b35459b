/** What the gateway tells of its web configuration and of TLS; nothing where there is none. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { type ReloadProbe, registerReloadMetrics } from './reload-metrics.ts';

export interface WebProbe {
  readonly facts: () => ReloadProbe & {
    /** In ms since 1970; null without TLS, which stays so. */
    readonly certificateNotAfter: number | null;
  };
  /** Reasons to be shown from the start, at 0. */
  readonly handshakeFailures: readonly string[];
}

export function registerWebMetrics(registry: Registry, { facts, handshakeFailures }: WebProbe) {
  const registers = [registry];
  registerReloadMetrics(registry, 'tributary_gateway_web_config', facts);
  if (facts().certificateNotAfter === null) return { handshakeFailed() {} };
  new Gauge({
    name: 'tributary_gateway_tls_certificate_not_after_timestamp_seconds',
    help: 'When the certificate that is served ends.',
    registers,
    collect() {
      this.set((facts().certificateNotAfter ?? Number.NaN) / 1000);
    },
  });
  const failures = new Counter({
    name: 'tributary_gateway_tls_handshake_failures_total',
    help: 'Connections by TLS that did not come about.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of handshakeFailures) failures.inc({ reason }, 0);
  return { handshakeFailed: (reason: string) => failures.inc({ reason }) };
}
