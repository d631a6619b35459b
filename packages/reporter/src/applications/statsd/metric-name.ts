/**
 * StatsD's names as Prometheus's, by statsd_exporter's rule: what is neither letter, digit nor `_` becomes `_`, dashes in
 * a row one, and a digit does not come first.
 * Source: https://github.com/prometheus/statsd_exporter, pkg/mapper/escape.go
 */
export function prometheusName(name: string): string {
  const legal = name.replace(/--+/g, '-').replace(/[^a-zA-Z0-9_]/gu, '_');
  return /^[0-9]/.test(legal) ? `_${legal}` : legal;
}
