/** The comparison must find every kind of fault, and the truth must be the spool's. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Shape } from '@tributary/shared/shape';
import { Spool } from '../../packages/reporter/src/spool/spool.ts';
import { compareHost, EXACT, type PointStore } from './agreement.ts';
import type { Series } from './prometheus-api.ts';
import { readableKey, seriesKey } from './series-key.ts';
import { tempDir } from './temp-dir.ts';
import { type HostTruth, readTruth } from './truth.ts';

const START_AT = 1_790_000_000_000;
const SHAPE: Shape = {
  labels: { job: 'node', env: 'prod' },
  families: [
    { name: 'load', type: 'gauge', help: '', series: [['', { host: 'x', exported_host: 'y', gone: '' }]] },
    {
      name: 'took_seconds',
      type: 'histogram',
      help: '',
      series: [
        ['_bucket', { le: '1' }],
        ['_bucket', { le: '+Inf' }],
        ['_sum', {}],
        ['_count', {}],
      ],
    },
  ],
};
const TARGET = { job: 'node', instance: 'web-1', host: 'web-1', env: 'prod' };

async function recorded(t: TestContext, ticks: readonly (readonly (number | null)[])[]): Promise<HostTruth> {
  const folder = await tempDir(t);
  const HOUR_MS = 3_600_000;
  const spool = new Spool({
    folder,
    retentionMs: HOUR_MS,
    bytesMax: 1e9,
    keepAckedMs: HOUR_MS,
    now: START_AT,
  });
  for (const [i, values] of ticks.entries()) {
    const moment = { at: START_AT + i * 1000, boot: 'b', mono: i * 1000 };
    spool.append(moment, [[{ shape: SHAPE, values }]], { willSend: true, timeIsSure: true, stepMs: 500 });
  }
  const whileOpen = readTruth('web-1', [folder]);
  spool.close();
  assert.deepEqual(readTruth('web-1', [folder]), whileOpen);
  return whileOpen;
}

/** A store that has these series, whatever it is asked, cut to the time. */
function storeOf(series: readonly Series[], limits = EXACT): PointStore {
  return {
    name: 'fake',
    limits,
    points: async (_host, from, to) =>
      series.map(({ labels, points }) => ({
        labels,
        points: points.filter(({ at }) => at > from && at <= to),
      })),
    counts: async () => new Map(),
    moments: async () => new Map(),
  };
}

function seriesOf(truth: HostTruth): Series[] {
  return [...truth.series.values()].map(({ key, times, values }) => ({
    labels: Object.fromEntries(JSON.parse(key) as [string, string][]),
    points: times.map((at, i) => ({ at, value: values[i] ?? 0 })),
  }));
}

const TICKS = [
  [1, 2, 3, 4, 5],
  [Number.NaN, null, 3.5, Infinity, 5],
  [0.1, 2, 3, -Infinity, null],
];

test('the truth is the spool with the labels that the gateway gives', async (t) => {
  const truth = await recorded(t, TICKS);
  assert.deepEqual([...truth.series.keys()].map(readableKey).sort(), [
    'load{env="prod",exported_exported_host="x",exported_host="y",host="web-1",instance="web-1",job="node"}',
    'took_seconds_bucket{env="prod",host="web-1",instance="web-1",job="node",le="+Inf"}',
    'took_seconds_bucket{env="prod",host="web-1",instance="web-1",job="node",le="1"}',
    'took_seconds_count{env="prod",host="web-1",instance="web-1",job="node"}',
    'took_seconds_sum{env="prod",host="web-1",instance="web-1",job="node"}',
  ]);
  assert.deepEqual(
    [truth.points, truth.batches, truth.firstAt, truth.lastAt, truth.faults],
    [13, 3, START_AT, START_AT + 2000, []],
  );
  const bucket = truth.series.get(seriesKey({ ...TARGET, __name__: 'took_seconds_bucket', le: '1.0' }));
  assert.deepEqual(bucket?.times, [START_AT, START_AT + 2000]);
  assert.deepEqual(bucket.values, [2, 2]);
});

test('what is whole is whole, whoever adds series of his own', async (t) => {
  const truth = await recorded(t, TICKS);
  const own = { labels: { __name__: 'up', ...TARGET }, points: [{ at: START_AT + 5, value: 1 }] };
  const agreement = await compareHost(truth, storeOf([...seriesOf(truth), own]));
  assert.deepEqual(agreement, {
    ...{ expected: 13, stored: 13, missing: 0, wrong: 0, extra: 0, duplicated: 0 },
    examples: [],
  });
});

test('every kind of fault is found and told', async (t) => {
  const truth = await recorded(t, TICKS);
  const change = (edit: (points: { at: number; value: number }[]) => void): Series[] => {
    const series = seriesOf(truth);
    const sum = series.find(({ labels }) => labels['__name__'] === 'took_seconds_sum');
    // Made by `seriesOf` for this one test.
    edit(sum?.points as { at: number; value: number }[]);
    return series;
  };
  const faults = async (series: readonly Series[], limits = EXACT) => {
    const agreement = await compareHost(truth, storeOf(series, limits));
    const { missing, wrong, extra, duplicated, examples } = agreement;
    return { counts: [missing, wrong, extra, duplicated], examples: examples.join('\n') };
  };
  const missing = await faults(change((points) => points.splice(1, 1)));
  assert.deepEqual(missing.counts, [1, 0, 0, 0]);
  assert.match(missing.examples, /^missing: took_seconds_sum\{.*\} at 2026-09-21T14:13:21\.000Z/);

  const wrong = change((points) => points.splice(0, 1, { at: START_AT, value: 3 }));
  assert.deepEqual((await faults(wrong)).counts, [0, 1, 0, 0]);
  const almost = change((points) => points.splice(0, 1, { at: START_AT, value: 4 + 1e-14 }));
  assert.deepEqual((await faults(almost)).counts, [0, 1, 0, 0]);
  assert.deepEqual((await faults(almost, { ...EXACT, relative: 1e-12 })).counts, [0, 0, 0, 0]);
  assert.deepEqual((await faults(almost, { ...EXACT, absolute: 1e-12 })).counts, [0, 0, 0, 0]);
  const noNaN = seriesOf(truth).map(({ labels, points }) => ({
    labels,
    points: points.filter(({ value }) => !Number.isNaN(value)),
  }));
  assert.deepEqual((await faults(noNaN)).counts, [1, 0, 0, 0]);
  assert.deepEqual((await faults(noNaN, { ...EXACT, keepsNaN: false })).counts, [0, 0, 0, 0]);

  const early = change((points) => points.unshift({ at: START_AT - 5, value: 4 }));
  const between = change((points) => points.splice(1, 0, { at: START_AT + 5, value: 4 }));
  const late = change((points) => points.push({ at: START_AT + 9000, value: 4 }));
  for (const series of [early, between, late]) assert.deepEqual((await faults(series)).counts, [0, 0, 1, 0]);

  const twice = change((points) => points.splice(1, 0, { at: START_AT, value: 4 }));
  assert.deepEqual((await faults(twice)).counts, [0, 0, 0, 1]);
  const unknown = [
    ...seriesOf(truth),
    { labels: { ...TARGET, __name__: 'x' }, points: [{ at: START_AT, value: 4 }] },
  ];
  assert.deepEqual((await faults(unknown)).counts, [0, 0, 1, 0]);
  assert.deepEqual((await faults([])).counts, [13, 0, 0, 0]);
});
