import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrometheusFacts } from '../prometheus-facts.ts';
import {
  codesOf,
  configOf,
  factsOf,
  gatewayOf,
  prometheusOf,
  recentOf,
  saidBy,
  targetOf,
} from '../test-support.ts';
import { checkJobOptions } from './job-options.ts';

const found = (job: string, over: Partial<PrometheusFacts> = {}) =>
  checkJobOptions(factsOf(gatewayOf(), prometheusOf({ config: configOf(job), ...over })));

test('each option that spoils what is served, with its line', () => {
  for (const [job, code, line] of [
    ['  honor_labels: false', 'NO_HONOR_LABELS', /job "tributary"\nhonor_labels: true$/],
    ['  honor_timestamps: false', 'HONOR_TIMESTAMPS_OFF', /\nhonor_timestamps: true/],
    ['  track_timestamps_staleness: true', 'STALENESS_TRACKED', /\ntrack_timestamps_staleness: false/],
  ] as const) {
    const findings = found(job);
    assert.deepEqual(codesOf(findings), [code]);
    assert.match(saidBy(findings, code), line);
  }
});

test('protocols without OpenMetrics, or with text first', () => {
  const of = (protocols: string | null, query = '') => {
    const job = protocols === null ? '  # scrape_protocols: none' : `  scrape_protocols: [${protocols}]`;
    return codesOf(found(job, { targets: [targetOf({ query })] }));
  };
  assert.deepEqual(of('PrometheusText0.0.4'), ['NO_OPENMETRICS']);
  assert.deepEqual(of('PrometheusText1.0.0, OpenMetricsText1.0.0'), ['NO_OPENMETRICS']);
  assert.deepEqual(of('PrometheusProto, OpenMetricsText0.0.1, PrometheusText0.0.4'), []);
  assert.deepEqual(of(null), [], 'an old version');
  assert.deepEqual(of('PrometheusText0.0.4', 'replay=1'), []);
});

test('relabeling that makes one series of many', () => {
  const rule = (text: string) => codesOf(found(`  metric_relabel_configs:\n  - ${text}`));
  for (const text of [
    '{action: labeldrop, regex: host|x}',
    '{action: LabelDrop, regex: inst.*}',
    '{action: labelkeep, regex: __name__|instance|job}',
    '{source_labels: [a], target_label: job, replacement: x}',
    '{action: replace, target_label: host}',
  ])
    assert.deepEqual(rule(text), ['RELABEL_LOSES_HOST'], text);
  for (const text of [
    '{action: labeldrop, regex: hosts}',
    '{action: labeldrop, regex: "(?i)host"}',
    '{action: labelkeep, regex: .*}',
    '{action: drop, source_labels: [__name__], regex: go_.*}',
    '{source_labels: [a], target_label: b}',
  ])
    assert.deepEqual(rule(text), [], text);
});

test('samples that relabeling drops', () => {
  const recent = recentOf({
    relabeledAway: [
      { labels: { job: 'tributary' }, value: 12 },
      { labels: { job: 'x' }, value: 9 },
    ],
  });
  const away = found('', { recent });
  assert.deepEqual(codesOf(away), ['RELABEL_DROPS_SAMPLES (note)']);
  assert.match(saidBy(away, 'RELABEL_DROPS_SAMPLES'), /dropped 12 samples/);
});

test('a job that is not in the file', () => {
  const targets = [targetOf({ job: 'other' })];
  assert.deepEqual(codesOf(found('', { targets })), ['JOB_OPTIONS_UNKNOWN (note)']);
  assert.deepEqual(found('', { targets, config: null }), [], 'that there is no file is told as such');
});
