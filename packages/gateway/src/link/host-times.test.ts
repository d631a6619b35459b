import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import type { StoredEntry } from '../ledger/ledger.ts';
import type { AdmittedShape } from './admission.ts';
import { HostTimes, RECALL_MS, timesOf } from './host-times.ts';
import { ShapeRegistry } from './shape-registry.ts';
import { gauges, shapeOf } from './test-support.ts';

const A = shapeOf(gauges('a'));
const B = shapeOf(gauges('b'));
const AC = shapeOf(gauges('a', 'c'));

function judge(times: HostTimes, ...groups: readonly (readonly [AdmittedShape, number])[]): string[] {
  return times.judge(groups.map(([shape, at]) => ({ shape, at })));
}

test('per shape, moments rise strictly', () => {
  const times = new HostTimes(0);
  assert.deepEqual(judge(times, [A, 1000], [B, 1000]), ['new', 'new']);
  assert.deepEqual(judge(times, [A, 1000], [B, 1001]), ['repeat', 'new']);
  assert.deepEqual(judge(times, [A, 999], [B, 1000]), ['backwards', 'backwards']);
  assert.deepEqual(judge(times, [A, 1001]), ['new']);
  assert.equal(times.newest, 1001);
});

test('a group may lie before the batch, as long as its own series go forward', () => {
  const times = new HostTimes(0);
  assert.deepEqual(judge(times, [A, 1000], [B, 900]), ['new', 'new']);
  assert.deepEqual(judge(times, [A, 1100], [B, 950]), ['new', 'new']);
  assert.deepEqual(judge(times, [B, 950]), ['repeat']);
});

test('series that were restated in another shape are judged by both', () => {
  const times = new HostTimes(0);
  assert.deepEqual(judge(times, [A, 1000]), ['new']);
  assert.deepEqual(judge(times, [B, 2000]), ['new']);
  assert.deepEqual(judge(times, [AC, 1000]), ['repeat']);
  assert.deepEqual(judge(times, [AC, 900]), ['backwards']);
  assert.deepEqual(judge(times, [AC, 1500]), ['new']);
  assert.deepEqual(judge(times, [A, 1400]), ['backwards']);
});

test('what the ledger has of the host is the floor', () => {
  const times = new HostTimes(5000);
  assert.equal(times.newest, 5000);
  assert.deepEqual(judge(times, [A, 5000], [B, 4999]), ['repeat', 'backwards']);
  assert.deepEqual(judge(times, [A, 5001]), ['new']);
});

test('remembers so many shapes, and is strict with those that it forgot', () => {
  const times = new HostTimes(0);
  const shapes = Array.from({ length: 600 }, (_, i) => shapeOf(gauges(`m${i}`)));
  for (const [i, shape] of shapes.entries()) assert.deepEqual(judge(times, [shape, 1000 + i]), ['new']);
  // The first 88 went into the floor, which stands at the last of them.
  assert.deepEqual(judge(times, [shapes[0] ?? A, 1050]), ['backwards']);
  assert.deepEqual(judge(times, [shapes[0] ?? A, 1090]), ['new']);
  assert.deepEqual(judge(times, [shapes[599] ?? A, 1599]), ['repeat']);
});

const COLUMN = { values: Float64Array.of(1), absent: null };

function stored(
  offset: number,
  at: number,
  ...groups: readonly (readonly [AdmittedShape, number])[]
): StoredEntry {
  return {
    kind: 'batch',
    offset,
    epoch: 'e1',
    samples: groups.length,
    samplesThrough: offset * groups.length,
    seq: offset,
    at,
    contentHash: 1,
    groups: groups.map(([shape, groupAt]) => ({ shape, at: groupAt, column: COLUMN })),
  };
}

/** As after a start: the ledger has so much of the host. */
function started(lastAt: number, ...entries: readonly StoredEntry[]) {
  const shapes = new ShapeRegistry();
  const times = new HostTimes(lastAt, (entries.at(-1)?.offset ?? 0) + 1);
  const missing = (shape: AdmittedShape, at: number) => times.missing([{ shape, at }]);
  return { times, shapes, missing };
}

/** The same content, as the registry of that connection holds it. */
function within(shapes: ShapeRegistry, shape: AdmittedShape): AdmittedShape {
  const { shape: found } = shapes.restore(shape);
  assert.ok(found !== null);
  return found;
}

const [NEAR = 0, FAR = 0] = RECALL_MS;
const LAST = 10_000_000;

test('nothing has to be recalled of a host whose points are all newer, or that has no log', () => {
  const { missing } = started(LAST, stored(8, LAST, [A, LAST]));
  assert.equal(missing(A, LAST + 1), null);
  assert.equal(started(0).missing(A, 5), null);
});

test('what is not newer than all of a host is recalled: from the near past first, then from further, then no more', () => {
  const entry = stored(8, LAST, [A, LAST]);
  const { times, shapes, missing } = started(LAST, entry);
  const b = within(shapes, B);
  const near = missing(b, LAST - NEAR - 5);
  assert.deepEqual(near, { since: LAST - NEAR, through: 8, step: 0 });
  times.note([entry], shapes);
  times.recalled(near, near.since - 1);
  assert.equal(missing(within(shapes, A), LAST), null, 'it was found');
  assert.equal(missing(b, LAST - NEAR), null, 'it was not among what is newer, so it is');
  const far = missing(b, LAST - NEAR - 5);
  assert.deepEqual(far, { since: LAST - FAR, through: 8, step: 1 });
  times.recalled(far, far.since - 1);
  assert.equal(missing(b, 1), null);
  assert.deepEqual(judge(times, [b, LAST - FAR - 1]), ['repeat']);
  assert.deepEqual(judge(times, [b, LAST - FAR]), ['new']);
  assert.deepEqual(judge(times, [within(shapes, A), LAST]), ['repeat']);
});

test('a tick that a broken connection cut in two goes on where it was cut', () => {
  const entries = [stored(7, LAST - 100, [A, LAST - 100], [B, LAST - 100]), stored(8, LAST, [A, LAST])];
  const { times, shapes, missing } = started(LAST, ...entries);
  const [a, b] = [within(shapes, A), within(shapes, B)];
  const span = missing(b, LAST);
  assert.ok(span !== null);
  times.note(entries, shapes);
  times.recalled(span, span.since - 1);
  assert.deepEqual(judge(times, [a, LAST], [b, LAST]), ['repeat', 'new']);
});

test('what came meanwhile is not taken back by what is recalled, and each shape has its newest moment', () => {
  const { times, shapes, missing } = started(LAST, stored(8, LAST, [A, LAST]));
  const [a, b] = [within(shapes, A), within(shapes, B)];
  assert.deepEqual(judge(times, [a, LAST + 10]), ['new']);
  const span = missing(b, LAST);
  assert.ok(span !== null);
  // An earlier epoch may have been ahead of a later one.
  times.note([stored(7, LAST, [A, LAST], [B, LAST - 5]), stored(8, LAST - 2, [B, LAST - 7])], shapes);
  times.recalled(span, span.since - 1);
  assert.deepEqual(judge(times, [a, LAST + 5], [b, LAST - 6]), ['backwards', 'backwards']);
  assert.deepEqual(judge(times, [a, LAST + 11], [b, LAST - 4]), ['new', 'new']);
});

test('recalling makes nothing lax that was forgotten', () => {
  const { times, shapes, missing } = started(LAST, stored(8, LAST, [A, LAST]));
  const span = missing(within(shapes, A), LAST);
  assert.ok(span !== null);
  const many = Array.from({ length: 600 }, (_, i) => shapeOf(gauges(`m${i}`), {}, shapes));
  for (const [i, shape] of many.entries()) judge(times, [shape, LAST + 1000 + i]);
  times.recalled(span, span.since - 1);
  assert.deepEqual(judge(times, [many[0] ?? A, LAST + 1050]), ['backwards']);
  assert.deepEqual(judge(times, [many[0] ?? A, LAST + 1090]), ['new']);
});

test('the times of an earlier connection hold, unless the ledger has more', () => {
  const known = new Map<string, HostTimes>();
  const stream = { next: 9, lastHash: 0, lastAt: LAST, nextOffset: 9 };
  const times = timesOf(known, 'web-1', stream);
  judge(times, [A, LAST + 10]);
  assert.equal(timesOf(known, 'web-1', { ...stream, lastAt: LAST + 10 }), times);
  const other = timesOf(known, 'web-1', { ...stream, lastAt: LAST + 11 });
  assert.notEqual(other, times);
  assert.equal(other.newest, LAST + 11);
});

test('counts the series that a host has beside those of a batch', () => {
  const times = new HostTimes(0);
  judge(times, [A, 1000], [B, 2000]);
  assert.equal(times.seriesBeside([], 0), 2);
  assert.equal(times.seriesBeside([B], 0), 1);
  assert.equal(times.seriesBeside([], 1500), 1, 'what was not used since is no longer its');
  assert.equal(times.seriesBeside([AC], 0), 1, 'what is restated is counted once');
  judge(times, [AC, 3000]);
  assert.equal(times.seriesBeside([], 0), 3, 'also by one that is gone by now');
  assert.equal(times.seriesBeside([AC], 0), 1);
});

test('many shapes are judged as few are: by series, whatever shape they stood in', () => {
  const random = randomOf(7);
  const pick = (n: number) => Math.floor(random() * n);
  for (const [count, names] of [
    [40, 30],
    [300, 200],
    [700, 90],
  ] as const) {
    const times = new HostTimes(0);
    const shapes = Array.from({ length: count }, () => {
      const own = new Set(Array.from({ length: 1 + pick(4) }, () => `m${pick(names)}`));
      return shapeOf(gauges(...own), pick(5) === 0 ? { job: 'db', instance: 'i' } : {});
    });
    const key = (shape: AdmittedShape) =>
      shape.families.map(({ name }) => `${shape.labels['job'] ?? 'node'} ${name}`);
    const lasts = new Map<string, number>();
    const used = new Set<AdmittedShape>();
    for (let i = 0; i < 3000 && used.size < 512; i++) {
      const shape = shapes[pick(count)] ?? A;
      const at = 1000 + i - pick(i + 1);
      const last = Math.max(0, ...key(shape).map((each) => lasts.get(each) ?? 0));
      const expected = at > last ? 'new' : at === last ? 'repeat' : 'backwards';
      assert.deepEqual(judge(times, [shape, at]), [expected]);
      if (expected !== 'new') continue;
      used.add(shape);
      for (const each of key(shape)) lasts.set(each, at);
    }
  }
});
