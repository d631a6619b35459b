import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPrometheusConfig } from './prometheus-config.ts';

/** As Prometheus 2.42.0 wrote it. */
const OLD = `global:
  scrape_interval: 5s
  scrape_timeout: 5s
  evaluation_interval: 1m
scrape_configs:
- job_name: tributary
  honor_timestamps: true
  params:
    scraper:
    - prometheus
  scrape_interval: 5s
  scrape_timeout: 5s
  metrics_path: /metrics
  scheme: http
  body_size_limit: 10MiB
  sample_limit: 1000
  basic_auth:
    username: a
    password: <secret>
  follow_redirects: true
  metric_relabel_configs:
  - separator: ;
    regex: host|x
    replacement: $1
    action: labeldrop
  - source_labels: [job]
    separator: ;
    regex: (.*)
    target_label: host
    replacement: |-
      a
      b: "c" é
    action: replace
  static_configs:
  - targets:
    - 127.0.0.1:9750
storage:
  tsdb:
    outofordertimewindow: 86400000
    out_of_order_time_window: 1d
`;

/** As Prometheus 3.5.3 wrote it. */
const NEW = `scrape_configs:
- job_name: sd
  honor_labels: true
  honor_timestamps: false
  track_timestamps_staleness: true
  scrape_interval: 1m
  scrape_timeout: 10s
  scrape_protocols:
  - OpenMetricsText1.0.0
  - PrometheusText0.0.4
  label_limit: 30
  metric_relabel_configs:
  - source_labels: [job]
    separator: ;
    target_label: host
    replacement: x
    action: replace
  http_sd_configs:
  - refresh_interval: 1m
    url: http://127.0.0.1:9750/sd
otlp:
  translation_strategy: UnderscoreEscapingWithSuffixes
`;

const NONE = {
  ...{
    sampleLimit: 0,
    bodySizeLimit: 0,
    labelLimit: 0,
    labelNameLimit: 0,
    labelValueLimit: 0,
    targetLimit: 0,
  },
  ...{ hasCredentials: false, discovers: false, metricRelabels: [] },
};

test('reads what Prometheus says of its configuration', () => {
  assert.deepEqual(readPrometheusConfig(OLD), {
    outOfOrderMs: 86_400_000,
    jobs: [
      {
        ...NONE,
        ...{ name: 'tributary', honorLabels: false, honorTimestamps: true, tracksStaleness: false },
        ...{ protocols: null, intervalMs: 5000, timeoutMs: 5000 },
        ...{ sampleLimit: 1000, bodySizeLimit: 10 * 1024 * 1024, hasCredentials: true },
        metricRelabels: [
          { action: 'labeldrop', regex: 'host|x', targetLabel: '' },
          { action: 'replace', regex: '(.*)', targetLabel: 'host' },
        ],
      },
    ],
  });
  assert.deepEqual(readPrometheusConfig(NEW), {
    outOfOrderMs: 0,
    jobs: [
      {
        ...NONE,
        ...{ name: 'sd', honorLabels: true, honorTimestamps: false, tracksStaleness: true },
        ...{
          protocols: ['OpenMetricsText1.0.0', 'PrometheusText0.0.4'],
          intervalMs: 60_000,
          timeoutMs: 10_000,
        },
        ...{ labelLimit: 30, discovers: true },
        metricRelabels: [{ action: 'replace', regex: '(.*)', targetLabel: 'host' }],
      },
    ],
  });
});

test('what is no configuration is none, and a large one is read', () => {
  for (const text of ['', '[]', 'a: [', '<html>', 'null'])
    assert.equal(readPrometheusConfig(text), null, text);
  assert.deepEqual(readPrometheusConfig('scrape_configs: 7'), { outOfOrderMs: 0, jobs: [] });
  const targets = Array.from({ length: 150_000 }, (_, i) => `    - h${i}:9100`).join('\n');
  const large = `scrape_configs:\n- job_name: a\n  static_configs:\n  - targets:\n${targets}\n`;
  assert.equal(readPrometheusConfig(large)?.jobs[0]?.name, 'a');
});
