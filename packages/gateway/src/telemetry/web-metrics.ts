/** What the gateway tells of its web configuration and of TLS; nothing where there is none. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface WebProbe {
  readonly facts: () => {
    readonly lastReloadSuccessful: boolean;
    /** In ms since 1970. */
    readonly lastReloadSuccessAt: number;
    /** In ms since 1970; null without TLS, which stays so. */
    readonly certificateNotAfter: number | null;
  };
  /** Reasons to be shown from the start, at 0. */
  readonly handshakeFailures: readonly string[];
}

export function registerWebMetrics(registry: Registry, { facts, handshakeFailures }: WebProbe) {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge(
    'tributary_gateway_web_config_last_reload_successful',
    '1 while the web configuration, and what it names, is in use as it stands on disk.',
    () => (facts().lastReloadSuccessful ? 1 : 0),
  );
  gauge(
    'tributary_gateway_web_config_last_reload_success_timestamp_seconds',
    'When the web configuration was taken last.',
    () => facts().lastReloadSuccessAt / 1000,
  );
  if (facts().certificateNotAfter === null) return { handshakeFailed() {} };
  gauge(
    'tributary_gateway_tls_certificate_not_after_timestamp_seconds',
    'When the certificate that is served ends.',
    () => (facts().certificateNotAfter ?? Number.NaN) / 1000,
  );
  const failures = new Counter({
    name: 'tributary_gateway_tls_handshake_failures_total',
    help: 'Connections by TLS that did not come about.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of handshakeFailures) failures.inc({ reason }, 0);
  return { handshakeFailed: (reason: string) => failures.inc({ reason }) };
}
