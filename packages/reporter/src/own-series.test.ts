import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ColumnRecorder } from './collectors/columns.ts';
import { createCounters, createOwnCollector, type OwnSources } from './own-series.ts';
import { renderText } from './text-format.ts';

const sources = (): OwnSources => ({
  version: '1.2.3',
  counters: createCounters(),
  isStreaming: () => true,
  correctionMs: () => 1_500,
  intervalMs: () => 10_000,
  spool: () => ({ bytes: 4096, oldest: 3, next: 10, acked: 7, dropped: new Map([['spool_age', 2]]) }),
  strain: () => 1,
  reload: () => ({ lastReloadSuccessful: false, lastReloadSuccessAt: 2_500 }),
});

function collect(own: OwnSources, recorder = new ColumnRecorder({})) {
  void createOwnCollector(own).collect(recorder, new AbortController().signal);
  const column = recorder.take();
  assert.ok(column !== null);
  return column;
}

const samples = (own: OwnSources) =>
  renderText([collect(own)])
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/(heap_used_bytes) \d+$/, '$1 N'));

test('tells of the link and the spool', () => {
  assert.deepEqual(samples(sources()), [
    `tributary_reporter_build_info{version="1.2.3",nodeversion="${process.version}"} 1`,
    'tributary_reporter_connected 1',
    'tributary_reporter_connects_total 0',
    'tributary_reporter_sent_batches_total 0',
    'tributary_reporter_sent_bytes_total 0',
    'tributary_reporter_clock_correction_seconds 1.5',
    'tributary_reporter_interval_seconds 10',
    'tributary_reporter_strain_level 1',
    'tributary_reporter_heap_used_bytes N',
    'tributary_reporter_tick_delay_seconds 0',
    'tributary_reporter_ticks_late_total 0',
    'tributary_reporter_ticks_missed_total 0',
    'tributary_reporter_spool_bytes 4096',
    'tributary_reporter_spool_batches 7',
    'tributary_reporter_spool_unacked_batches 2',
    'tributary_reporter_spool_dropped_batches_total{reason="spool_age"} 2',
    'tributary_reporter_spool_failed_appends_total 0',
    'tributary_reporter_config_last_reload_successful 0',
    'tributary_reporter_config_last_reload_success_timestamp_seconds 2.5',
  ]);
});

test('counters by code are there once something was counted', () => {
  const own = sources();
  own.counters.rejects.set('FUTURE', 2);
  own.counters.refusals.set('DRAINING', 1);
  own.counters.skips.set('too_old', 7);
  own.counters.overLimit.set('push', 3);
  const lines = samples(own);
  for (const line of [
    'tributary_reporter_rejects_total{code="FUTURE"} 2',
    'tributary_reporter_refusals_total{code="DRAINING"} 1',
    'tributary_reporter_skipped_batches_total{reason="too_old"} 7',
    'tributary_reporter_over_limit_samples_total{source="push"} 3',
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

test("counters are typed as such and end in _total; every family is the reporter's own", () => {
  for (const { name, type } of collect(sources()).shape.families) {
    assert.match(name, /^tributary_reporter_/);
    assert.equal(type === 'counter', name.endsWith('_total'), name);
  }
});

test('the shape stays the same while only values change', () => {
  const own = sources();
  const recorder = new ColumnRecorder({});
  const first = collect(own, recorder);
  own.counters.sentBatches += 5;
  assert.equal(collect(own, recorder).shape, first.shape);
});
