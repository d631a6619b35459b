/** Whether the configuration was taken when it was read last, by Prometheus's own names for it. */
import { Gauge, type Registry } from 'prom-client';

export interface ReloadProbe {
  readonly lastReloadSuccessful: boolean;
  /** In ms since 1970. */
  readonly lastReloadSuccessAt: number;
}

export function registerReloadMetrics(registry: Registry, prefix: string, facts: () => ReloadProbe): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge(
    'last_reload_successful',
    '1 unless what was read last could not be taken; what was in effect goes on then.',
    () => (facts().lastReloadSuccessful ? 1 : 0),
  );
  gauge(
    'last_reload_success_timestamp_seconds',
    'When it was read and taken last.',
    () => facts().lastReloadSuccessAt / 1000,
  );
}
