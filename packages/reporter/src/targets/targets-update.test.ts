import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ColumnRecorder } from '../collectors/columns.ts';
import type { Layer } from '../collectors/feed.ts';
import { checkTargets } from './check-targets.ts';
import { serve } from './servers-test-support.ts';
import type { TargetOptions } from './target-options.ts';
import { TargetsFeed } from './targets-feed.ts';

const REPORTER = { interval: 100, label: new Map<string, string>() };
const monotonic = () => Math.round(performance.now());

/** Answers with how often it was asked. */
async function counting(t: TestContext): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const url = await serve(t, (_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(`asked ${++asked}\n`);
  });
  return { url, asked: () => asked };
}

function begin(t: TestContext, options: readonly TargetOptions[], state = { slowdown: 1 }) {
  const feed = new TargetsFeed({
    targets: checkTargets(options, REPORTER),
    host: 'web-1',
    userAgent: 'test',
    log: { info() {}, warn() {} },
    monotonic,
    paced: (ms) => state.slowdown * ms,
    wall: Date.now,
  });
  t.after(() => feed.stop());
  feed.start();
  return feed;
}

const take = (feed: TargetsFeed): Layer[] => [...feed.take({ mono: monotonic(), wall: Date.now() })];

/** What targets told of `asked`, in the order of layers. */
function valuesOf(layers: readonly Layer[], job: string): number[] {
  return layers
    .flat()
    .filter(({ shape }) => shape.labels['job'] === job && shape.families[0]?.name === 'asked')
    .flatMap(({ values }) => values[0] ?? []);
}

async function until(satisfied: () => boolean): Promise<void> {
  while (!satisfied()) await delay(5);
}

test('a target that stays is asked as if nothing had happened, and none of its answers is lost', async (t) => {
  const [stays, goes, comes] = [await counting(t), await counting(t), await counting(t)];
  const job = (name: string, { url }: { url: string }) => ({ job: name, urls: [url] });
  const feed = begin(t, [job('stays', stays), job('goes', goes)]);
  const layers: Layer[] = [];
  await until(() => stays.asked() >= 2 && goes.asked() >= 2);
  await delay(20);
  feed.update(checkTargets([job('stays', stays), job('comes', comes)], REPORTER));
  const [atChange, gone] = [stays.asked(), goes.asked()];
  await until(() => comes.asked() >= 2 && stays.asked() > atChange);
  await delay(50);
  layers.push(...take(feed));
  const told = valuesOf(layers, 'stays');
  assert.deepEqual(
    told,
    told.map((_, i) => i + 1),
  );
  assert.ok(told.length >= atChange);
  // What it answered before it was gone is told as well; a scrape that was under way is not.
  assert.ok(valuesOf(layers, 'goes').length >= 1);
  assert.ok(goes.asked() <= gone + 1);
  assert.ok(valuesOf(layers, 'comes').length >= 2);
  assert.deepEqual(valuesOf(take(feed), 'goes'), []);
});

test('one that is asked otherwise takes over its own series', async (t) => {
  const { url, asked } = await counting(t);
  const feed = begin(t, [{ job: 'a', urls: [url] }]);
  await until(() => asked() >= 2);
  feed.update(checkTargets([{ job: 'a', urls: [url], labels: { zone: 'z' } }], REPORTER));
  const before = asked();
  await until(() => asked() >= before + 3);
  await delay(20);
  const zones = new Set(
    take(feed)
      .flat()
      .filter(({ shape }) => shape.families[0]?.name === 'asked')
      .map(({ shape }) => shape.labels['zone'] ?? ''),
  );
  assert.deepEqual([...zones], ['', 'z']);
});

test('what a job counted goes with its last target', async (t) => {
  const { url, asked } = await counting(t);
  const feed = begin(t, [{ job: 'a', urls: [url] }]);
  await until(() => asked() >= 1);
  await delay(20);
  feed.update(checkTargets([{ job: 'b', urls: [url] }], REPORTER));
  const recorder = new ColumnRecorder({ job: 'node' });
  void feed.own.collect(recorder, new AbortController().signal);
  const series = recorder.take()?.shape.families[0]?.series;
  assert.deepEqual(series, [['', { scrape_job: 'b' }]]);
});

test('a slower pace is that of targets, too, and a quicker one holds at once', async (t) => {
  const { url, asked } = await counting(t);
  const state = { slowdown: 10_000 };
  begin(t, [{ job: 'a', urls: [url] }], state);
  await delay(400);
  assert.ok(asked() <= 1);
  state.slowdown = 1;
  const before = asked();
  // A loop looks at the clock at least every 5 s.
  await until(() => asked() >= before + 3);
});
