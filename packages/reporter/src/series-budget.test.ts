import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Labels, Series } from '@tributary/shared/shape';
import type { Column } from './collectors/columns.ts';
import { shapeKeys } from './collectors/shape-keys.ts';
import { type OverLimit, SeriesBudget } from './series-budget.ts';

/** A column of the series `from` to `to`, all of one family. */
function columnOf(name: string, from: number, to: number, labels: Labels = { job: 'node' }): Column {
  const series = Array.from({ length: to - from }, (_, i): Series => ['', { i: String(from + i) }]);
  const shape = { labels, families: [{ name, type: 'gauge', help: '', series }] } as const;
  return { shape, values: series.map((_, i) => (i === 0 ? null : 1)) };
}

class Ticks {
  readonly left: [string, OverLimit][] = [];
  readonly budget = new SeriesBudget({ onLeftOut: (source, what) => this.left.push([source, what]) });
  now = 0;

  constructor(seriesMax: number) {
    this.budget.limit(seriesMax);
  }

  /** @returns the names of those columns that are told, the host's and then the feeds'. */
  tick(host: readonly Column[], ...feeds: readonly (readonly Column[])[]): string[] {
    this.now += 10_000;
    const gathered = feeds.map((columns, i) => ({ source: `feed${i}`, layers: [columns] }));
    const fit = this.budget.fit(this.now, { source: 'collectors', layers: [host] }, gathered);
    return [...fit.host, ...fit.feeds.flat()].flat().map(({ shape }) => shape.families[0]?.name ?? '');
  }
}

test('what fits is handed through as it is', () => {
  const { budget, left } = new Ticks(100);
  const host = { source: 'collectors', layers: [[columnOf('a', 0, 50)]] };
  const feed = { source: 'push', layers: [[columnOf('b', 0, 20)], [columnOf('c', 0, 20)]] };
  const fit = budget.fit(0, host, [feed]);
  assert.equal(fit.host, host.layers);
  assert.equal(fit.feeds[0], feed.layers);
  assert.deepEqual(left, []);
});

test('the host comes first, its small columns before the large, then the feeds in their order', () => {
  const ticks = new Ticks(100);
  const shown = ticks.tick(
    [columnOf('large', 0, 90), columnOf('small', 0, 30), columnOf('own', 0, 10)],
    [columnOf('b', 0, 50), columnOf('c', 0, 5)],
    [columnOf('d', 0, 3)],
  );
  assert.deepEqual(shown, ['small', 'own', 'b', 'c']);
  assert.deepEqual(ticks.left, [
    ['collectors', { samples: 89, series: 90, seriesMax: 100 }],
    // Three of a hundred places are the host's own, whoever else is there.
    ['feed1', { samples: 2, series: 3, seriesMax: 100 }],
  ]);
});

test('who has a place keeps it', () => {
  const ticks = new Ticks(100);
  const [host, statsd, late] = [columnOf('a', 0, 40), columnOf('b', 0, 50), columnOf('c', 0, 20)];
  assert.deepEqual(ticks.tick([host], [], [statsd]), ['a', 'b']);
  for (let i = 0; i < 3; i++) assert.deepEqual(ticks.tick([host], [late], [statsd]), ['a', 'b']);
  assert.deepEqual(
    ticks.left.map(([source]) => source),
    ['feed0', 'feed0', 'feed0'],
  );
});

test('a shape that grows takes the place of the one before it', () => {
  const ticks = new Ticks(100);
  const feed = columnOf('b', 0, 40);
  assert.deepEqual(ticks.tick([columnOf('a', 0, 50)], [feed]), ['a', 'b']);
  assert.deepEqual(ticks.tick([columnOf('a', 0, 60)], [feed]), ['a', 'b']);
  // The host's also that of a feed, which the gateway turns away then.
  assert.deepEqual(ticks.tick([columnOf('a', 0, 70)], [feed]), ['a', 'b']);
  assert.deepEqual(ticks.tick([columnOf('a', 0, 101)], [feed]), ['b']);
  assert.deepEqual(
    ticks.left.map(([source]) => source),
    ['collectors'],
  );
});

test('series that change at every tick cost their source, not the host', () => {
  const ticks = new Ticks(1_000);
  let largest = 0;
  for (let i = 0; i < 60; i++) {
    const shown = ticks.tick([columnOf('node', 0, 100 + i)], [columnOf('pushed', i * 100, i * 100 + 100)]);
    assert.ok(shown.includes('node'), `tick ${i}`);
    largest = Math.max(largest, shown.length);
  }
  assert.equal(largest, 2);
  assert.deepEqual([...new Set(ticks.left.map(([source]) => source))], ['feed0']);
});

test('what is told no more is counted for five minutes', () => {
  const ticks = new Ticks(100);
  const [old, next] = [columnOf('b', 0, 80), columnOf('c', 0, 80)];
  assert.deepEqual(ticks.tick([], [old]), ['b']);
  ticks.now += 290_000;
  assert.deepEqual(ticks.tick([], [next]), []);
  assert.deepEqual(ticks.tick([], [next]), ['c']);
});

test('shapes that shared a series with one in between count once nothing restates them', () => {
  const ticks = new Ticks(100);
  for (const from of [0, 20, 40]) assert.deepEqual(ticks.tick([], [columnOf('b', from, from + 40)]), ['b']);
  // 0 to 40 is restated by nothing that is told now, and 20 to 60 is.
  assert.deepEqual(ticks.tick([], [columnOf('b', 40, 80), columnOf('c', 0, 18)]), ['b']);
});

test('a gateway that takes fewer has counted nothing yet', () => {
  const ticks = new Ticks(100);
  const [host, feed] = [columnOf('a', 0, 40), columnOf('b', 0, 50)];
  assert.deepEqual(ticks.tick([host], [feed]), ['a', 'b']);
  ticks.budget.limit(60);
  assert.deepEqual(ticks.tick([host], [feed]), ['a']);
});

test('keys tell series apart by name, labels and target, and nothing else', () => {
  const keysOf = (labels: Labels, series: readonly Series[], name = 'x') => [
    ...shapeKeys({ labels, families: [{ name, type: 'untyped', help: name, series }] }),
  ];
  const [key] = keysOf({ job: 'a', env: 'b' }, [['', { p: '1', q: '2' }]]);
  assert.deepEqual(keysOf({ env: 'b', job: 'a' }, [['', { q: '2', r: '', p: '1' }]]), [key]);
  const others = [
    ...keysOf({ job: 'a' }, [['', { p: '1', q: '2' }]]),
    ...keysOf({ job: 'a', env: 'b' }, [
      ['_sum', { p: '1', q: '2' }],
      ['', { p: '2', q: '1' }],
    ]),
    ...keysOf({ job: 'a', env: 'b' }, [['', { p: '1', q: '2' }]], 'y'),
    // No instance, where a missing one is the host.
    ...keysOf({ job: 'a', env: 'b', instance: '' }, [['', { p: '1', q: '2' }]]),
  ];
  assert.equal(new Set([key, ...others]).size, 6);
  const many = keysOf(
    { job: 'a' },
    Array.from({ length: 100_000 }, (_, i): Series => ['', { i: String(i) }]),
  );
  assert.equal(new Set(many).size, 100_000);
});
