import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import { overlap } from '../link/overlap.ts';
import { columnOf, familyOf, gauges, helloOf, NOW, shapeOf } from '../link/test-support.ts';
import { FleetHost } from './host.ts';

const A = shapeOf(gauges('a'));
const AB = shapeOf(gauges('a', 'b'));
const BC = shapeOf(gauges('b', 'c'));

function hidden(host: FleetHost, shape: typeof A): number[] | null {
  const flags = host.groups.get(shape)?.newest.hidden ?? null;
  return flags === null ? null : [...flags];
}

test('a series that was restated is shown from the shape with its newest point only', () => {
  const host = new FleetHost('web-1', NOW);
  assert.equal(host.apply(A, 1000, columnOf(1)), true);
  assert.equal(host.apply(AB, 2000, columnOf(2, 3)), true);
  assert.deepEqual([hidden(host, A), hidden(host, AB)], [[1], null]);
  assert.equal(host.series, 2);
  // And back again.
  assert.equal(host.apply(A, 3000, columnOf(4)), false);
  assert.deepEqual([hidden(host, A), hidden(host, AB)], [null, [1, 0]]);
  assert.equal(host.series, 2);
  host.apply(BC, 4000, columnOf(5, 6));
  assert.deepEqual([hidden(host, A), hidden(host, AB), hidden(host, BC)], [null, [1, 1], null]);
  assert.equal(host.series, 3);
});

test('a newer absent value hides the older one, and absent values are not counted twice', () => {
  const host = new FleetHost('web-1', NOW);
  host.apply(AB, 1000, columnOf(null, 2));
  host.apply(A, 2000, columnOf(null));
  assert.deepEqual(hidden(host, AB), [1, 0]);
  assert.equal(host.series, 1);
});

test('a point from behind changes nothing', () => {
  const host = new FleetHost('web-1', NOW);
  host.apply(A, 2000, columnOf(1));
  const { newest } = host.groups.get(A) ?? {};
  host.apply(A, 1000, columnOf(9));
  assert.equal(host.groups.get(A)?.newest, newest);
});

test('what expires no longer hides anything, nor is it in the way when it comes again', () => {
  const host = new FleetHost('web-1', NOW);
  host.apply(AB, 1000, columnOf(1, 2));
  host.apply(A, 2000, columnOf(3));
  assert.equal(host.expire(1000), false);
  assert.equal(host.expire(1500), true);
  assert.deepEqual([...host.groups.keys()], [A]);
  host.apply(AB, 3000, columnOf(4, 5));
  assert.deepEqual([hidden(host, A), hidden(host, AB)], [[1], null]);
  assert.equal(host.expire(2500), true);
  host.apply(AB, 4000, columnOf(4, 5));
  assert.equal(host.series, 2);
});

test('however shapes overlap and take turns, what is hidden is what another has a newer point of', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomOf(seed);
    const host = new FleetHost('web-1', NOW);
    const shapes = Array.from({ length: 8 }, () =>
      shapeOf(gauges(...names.filter(() => random() < 0.5), 'z')),
    );
    for (let i = 0; i < 60; i++) {
      const shape = random.pick(shapes);
      host.apply(
        shape,
        1000 + random.below(100) + i,
        columnOf(...Array.from({ length: shape.length }, () => i)),
      );
      const groups = [...host.groups.values()];
      for (const group of groups) {
        const expected = new Uint8Array(group.shape.length);
        for (const other of groups.filter(({ newest }) => newest.at > group.newest.at)) {
          for (const [k, flag] of (overlap(group.shape, other.shape) ?? []).entries()) expected[k] ||= flag;
        }
        assert.deepEqual(group.newest.hidden ?? new Uint8Array(group.shape.length), expected, `seed ${seed}`);
      }
    }
  }
});

test('a series that was restated in hundreds of shapes costs a look at each of them, not at each pair', () => {
  const host = new FleetHost('web-1', NOW);
  const shapes = Array.from({ length: 300 }, (_, i) => shapeOf(gauges('a', `b${i}`)));
  for (const [i, shape] of shapes.entries()) host.apply(shape, 1000 + i, columnOf(1, 2));
  const cpu = process.cpuUsage();
  for (const [i, shape] of shapes.entries()) host.apply(shape, 3000 + i, columnOf(1, 2));
  const { user } = process.cpuUsage(cpu);
  assert.equal(host.series, 301);
  // Some 0.1 s; with each pair it was 5 s.
  assert.ok(user < 2_000_000, `${user} µs`);
});

test('a thousand shapes of one host are no trouble', () => {
  const host = new FleetHost('web-1', NOW);
  const before = process.cpuUsage();
  for (let i = 0; i < 1000; i++) host.apply(shapeOf(gauges(`m${i}`)), 1000, columnOf(i));
  assert.equal(host.series, 1000);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 5_000_000, `${user} µs`);
});

test('what a host says of itself is put into one line', () => {
  const host = new FleetHost('web-1', NOW);
  host.opened(helloOf({ agent: 'x\n\0y/1', os: 'a\u001bb' }), '10.0.0.1:5', NOW, 12);
  assert.deepEqual(
    [host.agent, host.os, host.skewMs, host.connected],
    ['x\\u000a\\u0000y/1', 'a\\u001bb', 12, true],
  );
  host.clockStepped(-5);
  assert.deepEqual([host.skewMs, host.lastSeenAt, host.connectedAt], [17, NOW - 5, NOW - 5]);
});

test('reasons of losses are few, whatever a host writes', () => {
  const host = new FleetHost('web-1', NOW);
  const gap = { fromSeq: 1, toSeq: 1, fromAt: 0, toAt: 10 };
  for (let i = 0; i < 500; i++) host.lost({ ...gap, reason: `r${i}` });
  for (const reason of ['', 'A b', 'x'.repeat(100), '"\n']) host.lost({ ...gap, reason });
  assert.equal(host.lostMs.size, 17);
  assert.equal(host.lostMs.get('r3'), 10);
  assert.equal(host.lostMs.get('other'), 4920);
  assert.deepEqual([host.lostBatches.size, host.lostBatches.get('other')], [17, 492]);
  assert.deepEqual([host.gaps.length, host.gaps.at(-1)?.reason], [100, '"\n']);
  // What is counted from the start is never pushed into `other`.
  host.lost({ ...gap, toSeq: 3, reason: 'spool_full' });
  assert.deepEqual([host.lostMs.get('spool_full'), host.lostBatches.get('spool_full')], [10, 3]);
});

test('knows whether the host reports its own up, and does not forget it', () => {
  const reports = (...args: Parameters<typeof shapeOf>) => {
    const host = new FleetHost('web-1', NOW);
    host.apply(shapeOf(...args), 1000, columnOf(1));
    return host;
  };
  assert.equal(reports(gauges('upper')).reportsUp, false);
  assert.equal(reports(gauges('up'), { job: 'db' }).reportsUp, false);
  assert.equal(reports([familyOf('up', 'gauge', ['', { device: 'x' }])]).reportsUp, false);
  const host = reports(gauges('up'));
  assert.equal(host.reportsUp, true);
  host.expire(2000);
  assert.equal(host.reportsUp, true);
});

test('a series that was not said again holds no more than its own values of the batch that it came in', () => {
  const host = new FleetHost('web-1', NOW);
  const shapes = [A, BC] as const;
  const batchOf = (at: number, groups: readonly (typeof A)[]) => {
    const buffer = new ArrayBuffer(4096);
    return groups.map((shape, i) => {
      const values = new Float64Array(buffer, i * 64, shape.length).fill(at + i);
      return { shape, at, column: { values, absent: null } };
    });
  };
  const held = () => shapes.map((shape) => host.groups.get(shape)?.newest.column.values.buffer.byteLength);
  assert.equal(host.applyBatch(batchOf(1000, shapes)), true);
  assert.deepEqual(held(), [4096, 4096]);
  assert.equal(host.applyBatch(batchOf(2000, [A])), false);
  assert.deepEqual(held(), [4096, 16]);
  assert.deepEqual([...(host.groups.get(BC)?.newest.column.values ?? [])], [1001, 1001]);
  // An older batch changes nothing of what is shown, and so keeps nothing alive.
  host.applyBatch(batchOf(500, shapes));
  assert.deepEqual(held(), [8, 16]);
  assert.deepEqual([...(host.groups.get(A)?.newest.column.values ?? [])], [2000]);
});
