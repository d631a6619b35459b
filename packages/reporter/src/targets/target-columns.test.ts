import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Labels } from '@tributary/shared/shape';
import type { Reading } from '../collectors/exposition-text/reading.ts';
import { Claims } from './claims.ts';
import { ScrapeError } from './scrape-error.ts';
import { type PendingColumn, type ScrapeColumns, TargetColumns } from './target-columns.ts';
import { listOf, readingOf, targetOf } from './targets-test-support.ts';

const WALL = 1_772_000_000_000;

/** A scrape `seconds` after the first, by clocks that agree. */
function at(seconds: number, wallStep = 0) {
  const wall = WALL + seconds * 1000 + wallStep;
  return { mono: 5_000_000 + seconds * 1000, wall, wallAtEnd: wall + 20 };
}

function columnsOf(
  change: { honorLabels?: boolean; honorTimestamps?: boolean; labels?: Labels } = {},
  claims = new Claims(),
  owner = {},
) {
  return new TargetColumns(targetOf(change), claims, owner);
}

/** Each column as the series and values that it has, with its labels where they are not the target's, and its time. */
function shown({ layers }: ScrapeColumns): string[][] {
  return layers.map((layer) => layer.map(shownColumn));
}

function shownColumn({ shape, values, atMs }: PendingColumn): string {
  const names = shape.families.flatMap(({ name, series }) =>
    series.map(([suffix, labels]) => `${name}${suffix}${Object.values(labels).join('/')}`),
  );
  const { job, instance } = shape.labels;
  const target = job === 'app' && instance === 'a:1' ? '' : `${job}@${instance} `;
  const time = atMs === null ? '' : ` @${atMs - WALL}`;
  return `${target}${names.map((name, i) => `${name}=${values[i]}`).join(' ')}${time}`;
}

function leftOut(columns: ScrapeColumns): Record<string, number> {
  return Object.fromEntries(columns.leftOut);
}

test('without times of their own all series are told at the moment of the scrape', () => {
  const columns = columnsOf();
  const list = listOf([['a'], ['b', { x: '1' }], ['b', { x: '2' }]]);
  const first = columns.take(readingOf(list, [1, 2, null]), at(0));
  assert.deepEqual(shown(first), [['a=1 b1=2']]);
  const second = columns.take(readingOf(list, [1, 2, 3]), at(10));
  assert.deepEqual(shown(second), [['a=1 b1=2 b2=3']]);
  const third = columns.take(readingOf(list, [4, null, 6]), at(20));
  assert.deepEqual(shown(third), [['a=4 b1=null b2=6']]);
  assert.equal(third.layers[0]?.[0]?.shape, second.layers[0]?.[0]?.shape);
  assert.deepEqual(leftOut(third), {});
});

test('an empty exposition is a good one', () => {
  assert.deepEqual(shown(columnsOf().take(readingOf(listOf([]), []), at(0))), [[]]);
});

test('a sample that would tell of the scrape itself is left out', () => {
  const list = listOf([['up'], ['up', { x: '1' }], ['scrape_duration_seconds']]);
  const taken = columnsOf().take(readingOf(list, [1, 2, 3]), at(0));
  assert.deepEqual(shown(taken), [['up1=2']]);
  assert.deepEqual(leftOut(taken), { status: 2 });
});

test('each time of its own is a column, and a repeat is not told again', () => {
  const columns = columnsOf();
  const list = listOf([['a'], ['b'], ['c'], ['d']]);
  const timed = (...times: number[]) =>
    readingOf(
      list,
      [7, null, null, null],
      times.map((time, i) => [i + 1, 10 + i, WALL + time] as const),
    );
  assert.deepEqual(shown(columns.take(timed(-5000, -4000, -5000), at(0))), [
    ['b=10 d=12 @-5000', 'c=11 @-4000', 'a=7'],
  ]);
  const second = columns.take(timed(5000, -4000, 5000), at(10));
  assert.deepEqual(shown(second), [['b=10 d=12 @5000', 'a=7']]);
  assert.deepEqual(leftOut(second), {});
  const third = columns.take(timed(15_000, 14_000, 15_000), at(20));
  assert.deepEqual(shown(third), [['b=10 d=12 @15000', 'c=11 @14000', 'a=7']]);
  assert.equal(third.layers[0]?.[0]?.shape, second.layers[0]?.[0]?.shape);
});

test('a time that falls is left out and counted; one ahead of this host is now', () => {
  const columns = columnsOf();
  const list = listOf([['a'], ['b']]);
  columns.take(
    readingOf(
      list,
      [null, null],
      [
        [0, 1, WALL],
        [1, 1, WALL],
      ],
    ),
    at(0),
  );
  const taken = columns.take(
    readingOf(
      list,
      [null, null],
      [
        [0, 2, WALL - 1000],
        [1, 3, WALL + 60_000],
      ],
    ),
    at(10),
  );
  assert.deepEqual(shown(taken), [['b=3 @10020']]);
  assert.deepEqual(leftOut(taken), { older: 1 });
  const later = columns.take(readingOf(list, [null, null], [[1, 4, WALL + 61_000]]), at(20));
  assert.deepEqual(shown(later), [['b=4 @20020']]);
});

test('several points of a series are several layers, the oldest first', () => {
  const list = listOf([['a'], ['b'], ['c']]);
  const taken = columnsOf().take(
    readingOf(
      list,
      [null, null, 9],
      [
        [0, 1, WALL - 30],
        [0, 2, WALL - 20],
        [0, 2, WALL - 25],
        [1, 5, WALL - 20],
        [0, 3, WALL - 10],
      ],
    ),
    at(0),
  );
  assert.deepEqual(shown(taken), [['a=1 @-30', 'b=5 @-20'], ['a=2 @-20'], ['a=3 @-10', 'c=9']]);
  assert.deepEqual(leftOut(taken), { older: 1 });
});

test('a series that gets times of its own leaves the others, and is never told before its last moment', () => {
  const columns = columnsOf();
  const list = listOf([['a'], ['b']]);
  columns.take(readingOf(list, [1, 1]), at(0));
  columns.take(readingOf(list, [2, 2]), at(10));
  const early = columns.take(readingOf(list, [3, null], [[1, 3, WALL + 9000]]), at(20));
  assert.deepEqual(shown(early), [['a=3']]);
  assert.deepEqual(leftOut(early), { older: 1 });
  const later = columns.take(readingOf(list, [4, null], [[1, 4, WALL + 11_000]]), at(30));
  assert.deepEqual(shown(later), [['b=4 @11000', 'a=4']]);
  const back = columns.take(readingOf(list, [5, 5]), at(40));
  assert.deepEqual(shown(back), [['a=5 b=5']]);
});

test('what was told is known when the series have other places', () => {
  const columns = columnsOf();
  columns.take(readingOf(listOf([['a'], ['b']]), [null, 1], [[0, 1, WALL]]), at(0));
  const other = listOf([['new'], ['b'], ['a']]);
  const taken = columns.take(
    readingOf(
      other,
      [1, null, null],
      [
        [1, 2, WALL - 1],
        [2, 1, WALL],
      ],
    ),
    at(10),
  );
  assert.deepEqual(shown(taken), [['new=1']]);
  assert.deepEqual(leftOut(taken), { older: 1 });
});

test('after the clock was set back, times are taken as they come', () => {
  const columns = columnsOf();
  const list = listOf([['a']]);
  columns.take(readingOf(list, [null], [[0, 1, WALL]]), at(0));
  const taken = columns.take(readingOf(list, [null], [[0, 2, WALL - 3_590_000]]), at(10, -3_600_000));
  assert.deepEqual(shown(taken), [['a=2 @-3590000']]);
});

test('too many different times fail the scrape, and nothing counts as told', () => {
  const columns = columnsOf();
  const list = listOf(Array.from({ length: 300 }, (_, i) => [`m${i}`] as const));
  const values = Array.from({ length: 300 }, () => null);
  const spread = (count: number): Reading =>
    readingOf(
      list,
      values,
      values.map((_, i) => [i, i, WALL - (i % count)] as const),
    );
  assert.throws(
    () => columns.take(spread(300), at(0)),
    (error) => error instanceof ScrapeError && error.reason === 'columns' && /256/.test(error.message),
  );
  const { layers } = columns.take(spread(256), at(10));
  assert.equal(
    layers.flat().reduce((sum, column) => sum + column.values.length, 0),
    300,
  );
});

test('devices whose times meet by chance do not change the shapes', () => {
  const columns = columnsOf();
  const DEVICES = 40;
  const list = listOf(Array.from({ length: DEVICES * 5 }, (_, i) => ['m', { i: `${i}` }] as const));
  const none = Array.from({ length: list.length }, () => null);
  /** Each device was polled at a second of its own, of the ten before. */
  const polled = (scrape: number) => (device: number) =>
    WALL + (scrape * 10 - ((device * (scrape + 3)) % 10)) * 1000;
  const known = new Set<unknown>();
  let added = 0;
  for (let scrape = 0; scrape < 12; scrape++) {
    const timeOf = polled(scrape);
    const samples = none.map((_, i) => [i, scrape, timeOf(Math.floor(i / 5))] as const);
    const told = columns.take(readingOf(list, none, samples), at(scrape * 10)).layers.flat();
    assert.equal(
      told.reduce((sum, { values }) => sum + values.length, 0),
      list.length,
    );
    added = told.filter(({ shape }) => !known.has(shape)).length;
    for (const { shape } of told) known.add(shape);
  }
  assert.equal(added, 0);
  // A new series among them moves the places of all others, and is the only one that is new.
  const other = listOf([
    ...Array.from({ length: 7 }, (_, i) => ['m', { i: `${i}` }] as const),
    ['m', { i: 'new' }],
  ]);
  const fewer = columns.take(
    readingOf(
      other,
      Array.from({ length: 8 }, () => null),
      Array.from({ length: 8 }, (_, i) => [i, 1, WALL + 200_000]),
    ),
    at(200),
  );
  assert.deepEqual(shown(fewer), [
    ['m0=1 m1=1 m2=1 m3=1 m4=1 @200000', 'm5=1 m6=1 @200000', 'mnew=1 @200000'],
  ]);
});

test('with honor_timestamps off a time of its own is nothing', () => {
  const columns = columnsOf({ honorTimestamps: false });
  const list = listOf([['a'], ['b']]);
  const taken = columns.take(
    readingOf(
      list,
      [null, 2],
      [
        [0, 1, WALL - 9],
        [0, 5, WALL],
        [1, 9, WALL],
      ],
    ),
    at(0),
  );
  assert.deepEqual(shown(taken), [['a=1 b=2']]);
});

test('with honor_labels exposed labels go before those of the target', () => {
  const columns = columnsOf({ honorLabels: true, labels: { job: 'app', instance: 'a:1', env: 'prod' } });
  const list = listOf([
    ['a'],
    ['a', { job: 'batch', x: '1' }],
    ['b', { job: 'batch', instance: 'i-1' }],
    ['b', { instance: 'i-1', job: 'batch', env: 'prod', x: '2' }],
    ['c', { env: 'test' }],
  ]);
  const taken = columns.take(readingOf(list, [1, 2, 3, 4, 5]), at(0));
  assert.deepEqual(shown(taken), [['a=1', 'batch@a:1 a1=2', 'batch@i-1 b=3 b2=4', 'c=5']]);
  assert.deepEqual(taken.layers[0]?.[3]?.shape.labels, { job: 'app', instance: 'a:1', env: 'test' });
  assert.deepEqual(taken.layers[0]?.[1]?.shape.families[0]?.series, [['', { x: '1' }]]);
});

test('with honor_labels an empty label takes the target’s away, but for the job', () => {
  const columns = columnsOf({ honorLabels: true, labels: { job: 'app', instance: 'a:1', env: 'prod' } });
  const list = listOf([
    ['a'],
    ['a', { instance: '' }],
    ['a', { job: 'batch', instance: '' }],
    ['a', { env: '' }],
    ['a', { job: '' }],
    ['up', { job: '' }],
    ['up', { instance: '' }],
  ]);
  const taken = columns.take(readingOf(list, [1, 2, 3, 4, 5, 6, 7]), at(0));
  assert.deepEqual(shown(taken), [['a=1', 'app@ a=2 up=7', 'batch@ a=3', 'a=4']]);
  assert.deepEqual(
    taken.layers[0]?.slice(1).map(({ shape }) => shape.labels),
    [
      { job: 'app', instance: '', env: 'prod' },
      { job: 'batch', instance: '', env: 'prod' },
      { job: 'app', instance: 'a:1', env: '' },
    ],
  );
  assert.deepEqual(leftOut(taken), { duplicate: 1, status: 1 });
});

test('with honor_labels off they are told as they are', () => {
  const taken = columnsOf().take(readingOf(listOf([['a', { job: 'batch' }]]), [1]), at(0));
  assert.deepEqual(taken.layers[0]?.[0]?.shape.families[0]?.series, [['', { job: 'batch' }]]);
  assert.equal(taken.layers[0]?.[0]?.shape.labels['job'], 'app');
});

test('with honor_labels series of the job node, and twins, are left out', () => {
  const columns = columnsOf({ honorLabels: true });
  const list = listOf([['a'], ['a', { job: 'app' }], ['a', { job: 'node', instance: 'other' }]]);
  const taken = columns.take(readingOf(list, [1, 2, 3]), at(0));
  assert.deepEqual(shown(taken), [['a=1']]);
  assert.deepEqual(leftOut(taken), { duplicate: 1, node: 1 });
});

test('series that the gateway would make one by renaming are one', () => {
  const list = listOf([
    ['a', { exported_job: 'x' }],
    ['a', { job: 'x' }],
    ['a', { host: 'h', exported_host: 'g' }],
    ['a', { job: 'y' }],
  ]);
  const taken = columnsOf().take(readingOf(list, [1, 2, 3, 4]), at(0));
  assert.deepEqual(shown(taken), [['ax=1 ah/g=3 ay=4']]);
  assert.deepEqual(leftOut(taken), { duplicate: 1 });
});

test('too many jobs and instances fail the scrape', () => {
  const list = listOf(Array.from({ length: 300 }, (_, i) => ['a', { instance: `i${i}` }] as const));
  const values = Array.from({ length: 300 }, () => 1);
  const columns = columnsOf({ honorLabels: true });
  assert.throws(() => columns.take(readingOf(list, values), at(0)), { reason: 'columns' });
});

test('two targets never tell the same series; when one fails the other does', () => {
  const claims = new Claims();
  const [a, b] = [columnsOf({ honorLabels: true }, claims, {}), columnsOf({ honorLabels: true }, claims, {})];
  const list = listOf([
    ['x', { job: 'j', instance: 'i' }],
    ['y', { job: 'j', instance: 'i' }],
  ]);
  const onlyX = listOf([['x', { job: 'j', instance: 'i' }]]);
  assert.deepEqual(shown(a.take(readingOf(onlyX, [1]), at(0))), [['j@i x=1']]);
  const second = b.take(readingOf(list, [1, 2]), at(1));
  assert.deepEqual(shown(second), [['j@i y=2']]);
  assert.deepEqual(leftOut(second), { other_target: 1 });
  a.yield();
  assert.deepEqual(shown(b.take(readingOf(list, [3, 4]), at(11))), [['j@i x=3 y=4']]);
  const returned = a.take(readingOf(onlyX, [5]), at(20));
  assert.deepEqual(shown(returned), [[]]);
  assert.deepEqual(leftOut(returned), { other_target: 1 });
});
