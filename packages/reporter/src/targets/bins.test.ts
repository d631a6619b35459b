import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Series } from '@tributary/shared/shape';
import type { SeriesList } from '../collectors/exposition-text/reading.ts';
import { Bins } from './bins.ts';
import { Claims } from './claims.ts';
import { placeSeries } from './placement.ts';
import { shapeOf } from './shapes.ts';
import { listOf } from './targets-test-support.ts';

function placed(list: SeriesList) {
  return placeSeries(list, { labels: { job: 'j' }, honorLabels: false, claims: new Claims(), owner: {} });
}

/** The bodies of the shapes that the bins make of a list. */
function shapes(bins: Bins, list: SeriesList): Set<string> {
  const placement = placed(list);
  const all = Array.from({ length: list.length }, (_, i) => i);
  const divided = [...bins.divide(placement, all).values()];
  assert.deepEqual(
    divided.flat().sort((a, b) => a - b),
    all,
  );
  return new Set(divided.map((places) => JSON.stringify(shapeOf(placement, {}, places))));
}

/** How many shapes are new. */
function restated(bins: Bins, list: SeriesList, before: ReadonlySet<string>): number {
  return [...shapes(bins, list)].filter((shape) => !before.has(shape)).length;
}

const family = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => [name, { x: `${i}` }] as const);

test('few series are one shape', () => {
  assert.equal(shapes(new Bins(), listOf([...family('a', 100), ...family('b', 100)])).size, 1);
  assert.equal(shapes(new Bins(), listOf([])).size, 0);
});

test('a new series restates one shape, wherever it comes', () => {
  const families = Array.from({ length: 40 }, (_, i) => family(`m${String(i).padStart(2, '0')}`, 50));
  const bins = new Bins();
  const before = shapes(bins, listOf(families.flat()));
  assert.equal(before.size, 8);
  const grown = families.map((each, i) => (i === 3 ? [...each, ['m03', { x: 'new' }] as const] : each));
  assert.equal(restated(bins, listOf(grown.flat()), before), 1);
  const withNew = [...families.slice(0, 7), family('m06a', 3), ...families.slice(7)];
  assert.equal(restated(bins, listOf(withNew.flat()), before), 1);
  const without = families.filter((_, i) => i !== 12);
  assert.equal(restated(bins, listOf(without.flat()), before), 1);
});

test('a large family is divided, and a new metric of it restates one piece', () => {
  const bins = new Bins();
  const large = family('large', 3000);
  const before = shapes(bins, listOf(large));
  assert.ok(before.size >= 6, `${before.size}`);
  const grown = [...large.slice(0, 10), ['large', { x: 'new' }] as const, ...large.slice(10)];
  assert.equal(restated(bins, listOf(grown), before), 1);
});

test('lines of a metric are never parted', () => {
  const metrics = Array.from({ length: 400 }, (_, i) => `${i}`);
  const series = metrics.flatMap((x): Series[] => [
    ['_bucket', { le: '1', x }],
    ['_bucket', { le: '+Inf', x }],
    ['_sum', { x }],
    ['_count', { x }],
  ]);
  const list: SeriesList = { families: [{ name: 'h', type: 'histogram', help: '', series }], length: 1600 };
  for (const text of shapes(new Bins(), list)) {
    const { families } = JSON.parse(text) as ReturnType<typeof shapeOf>;
    const lines = new Map<string, number>();
    for (const [, { x = '' }] of families[0]?.series ?? []) lines.set(x, (lines.get(x) ?? 0) + 1);
    assert.deepEqual(new Set(lines.values()), new Set([4]));
  }
});

test('what tells when metrics began is with them, wherever it stands', () => {
  const rest = Array.from({ length: 10 }, (_, i) => family(`m${i}`, 60)).flat();
  // Java's client tells these at the end. The first has pieces, the second is far from its counter.
  const list = listOf([
    ...family('a_total', 700),
    ...family('b_total', 100),
    ...rest,
    ...family('a_created', 700),
    ...family('b_created', 100),
    ...family('c_created', 5),
  ]);
  const bins = new Bins();
  const all = shapes(bins, list);
  assert.ok(all.size > 5, `${all.size}`);
  for (const text of all) {
    const { families } = JSON.parse(text) as ReturnType<typeof shapeOf>;
    const labelsOf = new Map(families.map(({ name, series }) => [name, series]));
    for (const name of ['a', 'b'])
      assert.deepEqual(labelsOf.get(`${name}_created`), labelsOf.get(`${name}_total`));
  }
  assert.equal(restated(bins, list, all), 0);
  assert.equal([...all].filter((text) => text.includes('"c_created"')).length, 1);
});

test('a family that tells when another one that is created itself began', () => {
  const list = listOf([...family('a_created_created', 3), ...family('a_created', 3), ...family('a', 3)]);
  assert.equal(shapes(new Bins(), list).size, 1);
});

test('a family that falls apart and comes together again stays in bounds', () => {
  const bins = new Bins();
  for (const count of [600, 300, 520, 5000, 400, 100, 30, 511]) {
    for (const text of shapes(bins, listOf(family('f', count)))) {
      const { families } = JSON.parse(text) as ReturnType<typeof shapeOf>;
      assert.ok((families[0]?.series.length ?? 0) <= 700, `${count}`);
    }
  }
});
