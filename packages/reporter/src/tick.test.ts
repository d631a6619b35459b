import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ColumnRecorder } from './collectors/columns.ts';
import type { Layer } from './collectors/feed.ts';
import { SeriesBudget } from './series-budget.ts';
import { createTick } from './tick.ts';

function columnOf(name: string, count: number) {
  const recorder = new ColumnRecorder({ job: 'a' });
  recorder.family(name, 'gauge', '', ['i']);
  for (let i = 0; i < count; i++) recorder.add(i, String(i));
  const column = recorder.take();
  assert.ok(column !== null);
  return column;
}

const gathered = (source: string, count: number) => ({ source, layers: [[columnOf(source, count)]] });

test('collectors and all feeds together tell what a gateway takes of a host', async () => {
  const left: string[] = [];
  const told: (readonly Layer[])[] = [];
  const budget = new SeriesBudget({ onLeftOut: (source) => left.push(source) });
  // Only what a tick is put together of is of interest here, and not when.
  const tick = createTick({
    time: { observe: () => false, moment: () => ({ at: 0, boot: '', mono: 0 }), correctionMs: 0 },
    clockSteps: { note: () => {}, settle: () => {} },
    pace: { observe: () => {}, intervalMs: 10_000 },
    counters: { lateTicks: 0, tickDelayMs: 0 },
    feeds: {
      take: () => [gathered('push', 10_000), gathered('statsd', 5_000), gathered('targets', 4_000)],
    },
    sampler: { sample: async () => [columnOf('node', 3_000)] },
    budget,
    append: (_, layers) => told.push(layers),
    watchLabels: () => {},
  });
  await tick(false, 0);
  assert.deepEqual(left, ['targets']);
  assert.deepEqual(
    told.map((layers) => layers.map((layer) => layer.map(({ shape }) => shape.families[0]?.name))),
    [[['node', 'push', 'statsd']]],
  );
});
