import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCounters, createOwnCollector } from '../own-series.ts';
import { Sampler } from '../sampler/sampler.ts';
import type { Collector, ColumnWriter } from './collector.ts';
import { createCollectors } from './list.ts';
import { SERIES_LABELS } from './series-labels.ts';
import { FIXTURE_ROOTS } from './test-support.ts';

/** A collector, whose label names are noted, with series or without. */
function noting(collector: Collector, names: Set<string>): Collector {
  return {
    name: collector.name,
    collect(out, signal) {
      const writer: ColumnWriter = {
        family(name, type, help, labelNames = []) {
          for (const label of labelNames) names.add(label);
          out.family(name, type, help, labelNames);
        },
        add: (value, ...labelValues) => out.add(value, ...labelValues),
      };
      return collector.collect(writer, signal);
    },
  };
}

test('holds what the collectors of every platform, the reporter and the sampler write, and nothing else', async () => {
  const names = new Set<string>();
  const options = { roots: FIXTURE_ROOTS, enabled: new Map(), now: () => 1_772_000_000_125 };
  const own = createOwnCollector({
    version: '1.2.3',
    counters: createCounters(),
    isStreaming: () => true,
    correctionMs: () => 0,
    spool: () => ({ bytes: 0, oldest: 1, next: 1, acked: 0, dropped: new Map() }),
  });
  const platforms = ['linux', 'darwin'].flatMap((platform) => createCollectors({ ...options, platform }));
  const failed: string[] = [];
  const sampler = new Sampler({
    collectors: [...platforms, own].map((collector) => noting(collector, names)),
    labels: {},
    onOutcome: (collector, error) => failed.push(`${collector}: ${error?.message}`),
    monotonic: () => performance.now(),
  });
  const columns = await sampler.sample(30_000);
  for (const { shape } of columns) {
    for (const { series } of shape.families) {
      for (const [, labels] of series) for (const label of Object.keys(labels)) names.add(label);
    }
  }
  assert.deepEqual(failed, []);
  assert.deepEqual([...names].sort(), [...SERIES_LABELS]);
});
