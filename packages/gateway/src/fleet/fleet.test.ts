import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BatchEntry, TombstoneEntry } from '../ledger/ledger.ts';
import { SqliteLedger } from '../ledger/sqlite/sqlite-ledger.ts';
import type { AdmittedShape } from '../link/admission.ts';
import type { AdmittedEntry } from '../link/observer.ts';
import { ShapeRegistry } from '../link/shape-registry.ts';
import { columnOf, FakeClock, gauges, helloOf, NOW, shapeOf } from '../link/test-support.ts';
import { Fleet } from './fleet.ts';

const STALE_MS = 300_000;
const FORGET_MS = 7 * 86_400_000;
const A = shapeOf(gauges('a'));
const B = shapeOf(gauges('b'));

function bench(clock = new FakeClock()) {
  const options = {
    clock,
    uptimeMs: clock.uptimeMs,
    staleAfterMs: () => STALE_MS,
    forgetAfterMs: () => FORGET_MS,
  };
  return { clock, fleet: new Fleet(options) };
}

function entryOf(
  seq: number,
  at: number,
  ...groups: readonly [AdmittedShape, number | null][]
): AdmittedEntry & BatchEntry {
  return {
    kind: 'batch',
    seq,
    at,
    contentHash: 1,
    groups: groups.map(([shape, value]) => ({ shape, at, column: columnOf(value) })),
  };
}

function lostEntry(seq: number, reason: string, fromAt = NOW - 5000, at = NOW): TombstoneEntry {
  return { kind: 'tombstone', seq, lastSeq: seq, fromAt, at, reason, contentHash: 0 };
}

async function openLedger(t: TestContext): Promise<SqliteLedger> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-fleet-'));
  const ledger = await SqliteLedger.open({ folder });
  t.after(async () => {
    await ledger.close();
    await rm(folder, { recursive: true });
  });
  return ledger;
}

test('hosts and their groups, by name; the arrays stay while nobody comes or goes', () => {
  const { fleet } = bench();
  fleet.settled('web-2', [entryOf(1, NOW, [A, 1])]);
  fleet.settled('web-1', [entryOf(1, NOW, [A, 2], [B, 3])]);
  const groups = fleet.groups();
  const hosts = fleet.hosts();
  assert.deepEqual(
    groups.map(({ host, newest }) => [host, newest.column.values[0]]),
    [
      ['web-1', 2],
      ['web-1', 3],
      ['web-2', 1],
    ],
  );
  fleet.settled('web-2', [entryOf(2, NOW + 1, [A, 9])]);
  assert.equal(fleet.groups(), groups);
  assert.equal(fleet.hosts(), hosts);
  assert.equal(groups[2]?.newest.column.values[0], 9);
  fleet.settled('web-2', [entryOf(3, NOW + 2, [B, 9])]);
  assert.notEqual(fleet.groups(), groups);
  fleet.settled('web-0', []);
  assert.deepEqual(
    fleet.hosts().map(({ name }) => name),
    ['web-0', 'web-1', 'web-2'],
  );
  assert.equal(fleet.size, 3);
});

test('seq, samples and times follow what is settled', () => {
  const { fleet, clock } = bench();
  fleet.settled('web-1', [entryOf(1, NOW, [A, 1], [B, null]), lostEntry(2, 'rejected:FUTURE')]);
  const host = fleet.host('web-1');
  assert.ok(host);
  assert.deepEqual([host.seq, host.samples, host.lastSampleAt, host.series], [2, 1, NOW, 1]);
  clock.pass(1000);
  fleet.settled('web-1', [entryOf(3, NOW - 50, [A, 7])]);
  // A point from behind is counted, and is not the newest.
  assert.deepEqual([host.samples, host.lastSampleAt, host.lastSeenAt], [2, NOW, NOW + 1000]);
  assert.equal(host.groups.get(A)?.newest.column.values[0], 1);
});

test('drops, rejects and losses are counted', () => {
  const { fleet } = bench();
  fleet.dropped('web-1', 'repeat', 3);
  fleet.dropped('web-1', 'repeat', 2);
  fleet.rejected('web-1', 'FUTURE');
  fleet.settled('web-1', [
    lostEntry(1, 'gap:spool_full'),
    lostEntry(2, 'skipped:too_large', NOW, NOW),
    lostEntry(3, 'expired:acked'),
    lostEntry(4, 'rejected:FUTURE'),
    lostEntry(5, 'gap:spool_full', NOW - 1000),
  ]);
  const host = fleet.host('web-1');
  assert.deepEqual(Object.fromEntries(host?.dropped ?? []), { backwards: 0, repeat: 5, rejected: 0 });
  assert.deepEqual([...(host?.rejected ?? [])], [['FUTURE', 1]]);
  const zeros = { spool_age: 0, unexplained: 0, too_old: 0 };
  assert.deepEqual(Object.fromEntries(host?.lostMs ?? []), { ...zeros, spool_full: 6000, too_large: 0 });
  assert.deepEqual(Object.fromEntries(host?.lostBatches ?? []), { ...zeros, spool_full: 2, too_large: 1 });
  assert.equal(host?.gaps.length, 3);
  assert.deepEqual(host?.gaps[0], {
    fromSeq: 1,
    toSeq: 1,
    fromAt: NOW - 5000,
    toAt: NOW,
    reason: 'spool_full',
  });
});

test('points grow stale, hosts are forgotten when they were not seen for long', () => {
  const { fleet, clock } = bench();
  fleet.opened(helloOf(), '', 0);
  fleet.settled('web-1', [entryOf(1, NOW, [A, 1])]);
  fleet.settled('web-2', [entryOf(1, NOW, [A, 1])]);
  clock.pass(STALE_MS);
  assert.deepEqual(fleet.expire(), []);
  assert.equal(fleet.groups().length, 2);
  clock.pass(1);
  fleet.expire();
  assert.equal(fleet.groups().length, 0);
  clock.pass(FORGET_MS);
  assert.deepEqual(fleet.expire(), ['web-2']);
  assert.equal(fleet.isForgettable('web-2'), true);
  fleet.opened(helloOf({ host: 'web-2' }), '', 0);
  assert.equal(fleet.isForgettable('web-2'), false);
  fleet.forget('web-2');
  fleet.forget('nobody');
  assert.deepEqual([fleet.size, fleet.isForgettable('web-2')], [1, false]);
});

test('up is connected and fresh', () => {
  const { fleet, clock } = bench();
  fleet.opened(helloOf(), '10.0.0.1:5', 0);
  const host = fleet.host('web-1');
  assert.ok(host);
  // There is nothing fresh of who never sent anything.
  assert.equal(fleet.isUp(host), false);
  fleet.settled('web-1', [entryOf(1, NOW, [A, 1])]);
  assert.equal(fleet.isUp(host), true);
  clock.pass(STALE_MS + 1);
  assert.equal(fleet.isUp(host), false);
  fleet.settled('web-1', [entryOf(2, clock.now(), [A, 1])]);
  assert.equal(fleet.isUp(host), true);
  fleet.closed('web-1');
  assert.equal(fleet.isUp(host), false);
  fleet.closed('nobody');
});

test('the median of the skews tells whose clock is wrong, once enough have spoken', () => {
  const { fleet, clock } = bench();
  fleet.opened(helloOf({ host: 'a' }), '', 100_000);
  fleet.opened(helloOf({ host: 'b' }), '', 70_000);
  assert.deepEqual([fleet.medianSkewMs(), fleet.clockIsWrong()], [null, false]);
  fleet.opened(helloOf({ host: 'c' }), '', -5);
  assert.deepEqual([fleet.medianSkewMs(), fleet.clockIsWrong()], [70_000, true]);
  fleet.opened(helloOf({ host: 'd' }), '', 0);
  fleet.opened(helloOf({ host: 'e' }), '', 10);
  assert.deepEqual([fleet.medianSkewMs(), fleet.clockIsWrong()], [10, false]);
  fleet.closed('d');
  fleet.closed('e');
  fleet.closed('c');
  assert.equal(
    fleet.medianSkewMs(),
    10,
    'who spoke a moment ago counts, or nobody would while all are refused',
  );
  clock.pass(11 * 60_000);
  assert.equal(fleet.medianSkewMs(), null);
});

test('hellos that were refused tell of the clock as well', () => {
  const { fleet } = bench();
  for (const host of ['a', 'b', 'c']) fleet.greeted(host, 90_000);
  assert.equal(fleet.clockIsWrong(), true);
  assert.equal(fleet.size, 0);
});

test('hosts that are known for ten minutes, or from the ledger, are not outvoted by new names', async (t) => {
  const { fleet, clock } = bench();
  for (const host of ['a', 'b', 'c']) fleet.opened(helloOf({ host }), '', 0);
  for (let i = 0; i < 9; i++) fleet.greeted(`x${i}`, 90_000);
  assert.equal(fleet.clockIsWrong(), true, 'nobody is old yet');
  clock.pass(10 * 60_000);
  for (let i = 0; i < 9; i++) fleet.greeted(`y${i}`, 90_000);
  assert.deepEqual([fleet.medianSkewMs(), fleet.clockIsWrong()], [0, false]);

  const ledger = await openLedger(t);
  for (const host of ['a', 'b', 'c']) await ledger.append(host, 'e1', [entryOf(1, clock.now(), [A, 1])]);
  const { fleet: restored } = bench();
  await restored.restore(ledger, new ShapeRegistry());
  for (let i = 0; i < 9; i++) restored.opened(helloOf({ host: `x${i}` }), '', 90_000);
  assert.equal(restored.clockIsWrong(), true);
  restored.opened(helloOf({ host: 'a' }), '', 5);
  assert.equal(restored.clockIsWrong(), false);
});

test('a clock that is behind the newest sample was set back, unless a host agrees with it', () => {
  const { fleet, clock } = bench();
  fleet.settled('a', [entryOf(1, clock.now(), [A, 1])]);
  assert.equal(fleet.clockIsWrong(), false);
  clock.step(-3_600_000);
  assert.equal(fleet.clockIsWrong(), true);
  fleet.greeted('a', 3_600_000);
  assert.equal(fleet.clockIsWrong(), true);
  fleet.greeted('a', 500);
  assert.equal(fleet.clockIsWrong(), false);
});

test('a step of the clock is told', () => {
  const steps: number[] = [];
  const clock = new FakeClock();
  const fleet = new Fleet({
    clock,
    uptimeMs: clock.uptimeMs,
    staleAfterMs: () => STALE_MS,
    forgetAfterMs: () => FORGET_MS,
    onClockStep: (stepMs) => void steps.push(stepMs),
  });
  clock.pass(10_000);
  clock.step(5_000);
  fleet.expire();
  fleet.expire();
  assert.deepEqual(steps, [5_000]);
});

test('when this machine’s clock is set, what was held against the hosts is taken back', () => {
  const { fleet, clock } = bench();
  clock.step(-3_600_000);
  for (const host of ['a', 'b', 'c']) fleet.opened(helloOf({ host }), '', 3_600_000);
  fleet.closed('c');
  fleet.opened(helloOf({ host: 'd' }), '', 3_600_000);
  assert.equal(fleet.clockIsWrong(), true);
  clock.pass(4000);
  clock.step(3_600_000);
  assert.deepEqual(fleet.expire(), []);
  assert.deepEqual([fleet.medianSkewMs(), fleet.clockIsWrong()], [0, false]);
});

test('a clock that learns the time long after the start makes nobody forgotten', async (t) => {
  const ledger = await openLedger(t);
  await ledger.append('web-1', 'e1', [entryOf(1, NOW - 1000, [A, 1])]);
  const { fleet, clock } = bench(new FakeClock(5_000));
  await fleet.restore(ledger, new ShapeRegistry());
  clock.pass(2000);
  clock.step(NOW);
  assert.deepEqual(fleet.expire(), []);
  clock.pass(FORGET_MS + 60_000);
  assert.deepEqual(fleet.expire(), ['web-1']);
});

test('a start brings back every host, and the newest points of those that have fresh ones', async (t) => {
  const ledger = await openLedger(t);
  const registry = new ShapeRegistry();
  const shape = shapeOf(gauges('a'), { env: 'x' }, registry);
  await ledger.append('fresh', 'e1', [
    entryOf(1, NOW - 20_000, [shape, 1]),
    entryOf(2, NOW - 10_000, [shape, 2]),
  ]);
  await ledger.append('stale', 'e1', [entryOf(1, NOW - STALE_MS - 10_001, [shape, 1])]);
  await ledger.append('empty', 'e1', [lostEntry(1, 'gap:x')]);
  const { fleet, clock } = bench();
  await fleet.restore(ledger, new ShapeRegistry());
  assert.deepEqual(
    fleet.hosts().map(({ name, epoch, lastSampleAt, samples }) => [name, epoch, lastSampleAt, samples]),
    [
      ['empty', 'e1', 0, 0],
      ['fresh', 'e1', NOW - 10_000, 0],
      ['stale', 'e1', NOW - STALE_MS - 10_001, 0],
    ],
  );
  assert.deepEqual(
    fleet.groups().map(({ host, newest, target }) => [host, newest.column.values[0], target]),
    [['fresh', 2, 'instance="fresh",job="node",host="fresh",env="x"} ']],
  );
  const up = () => fleet.hosts().map((host) => fleet.isUp(host));
  // Up before the restart, up for a minute after it; who was down stays down.
  assert.deepEqual(up(), [false, true, false]);
  clock.step(-7_200_000);
  clock.pass(59_999);
  assert.deepEqual(up(), [false, true, false]);
  clock.pass(1);
  assert.deepEqual(up(), [false, false, false]);
});

test('in the minute after a start, who comes back with a backlog stays up; who is lost again does not', async (t) => {
  const ledger = await openLedger(t);
  for (const host of ['web-1', 'web-2'])
    await ledger.append(host, 'e1', [entryOf(1, NOW - 3_600_000, [A, 1])]);
  const { fleet } = bench();
  await fleet.restore(ledger, new ShapeRegistry());
  const up = () => fleet.hosts().map((host) => fleet.isUp(host));
  assert.deepEqual(up(), [true, true]);
  fleet.opened(helloOf({ host: 'web-1' }), '', 0);
  // A connection that ended before its welcome says nothing.
  fleet.closed('web-2');
  assert.deepEqual(up(), [true, true]);
  fleet.closed('web-1');
  assert.deepEqual(up(), [false, true]);
});

test('who was up before a start is judged by the bound of staleness, not by the length of the grace', async (t) => {
  const ledger = await openLedger(t);
  for (const [host, age] of [
    ['a-new', 0],
    ['b-slow', STALE_MS],
    ['c-down', STALE_MS + 1],
  ] as const)
    await ledger.append(host, 'e1', [entryOf(1, NOW - 3_600_000 - age, [A, 1])]);
  const { fleet } = bench();
  await fleet.restore(ledger, new ShapeRegistry());
  assert.deepEqual(
    fleet.hosts().map((host) => fleet.isUp(host)),
    [true, true, false],
  );
});

test('a start shows the fresh points of the last entries, not of the very last one alone', async (t) => {
  const ledger = await openLedger(t);
  const up = shapeOf(gauges('up'));
  const fromBehind = { shape: B, at: NOW - STALE_MS - 1, column: columnOf(9) };
  await ledger.append('tick', 'e1', [
    entryOf(1, NOW - STALE_MS - 1, [shapeOf(gauges('stale')), 1]),
    entryOf(2, NOW - 1000, [up, 1]),
    entryOf(3, NOW, [A, 2]),
    { ...entryOf(4, NOW, [A, 3]), groups: [fromBehind] },
    lostEntry(5, 'rejected:FUTURE'),
  ]);
  const many = Array.from({ length: 17 }, (_, i) => entryOf(i + 1, NOW - 17 + i, [i === 0 ? B : A, i]));
  await ledger.append('long', 'e1', many);
  const { fleet } = bench();
  await fleet.restore(ledger, new ShapeRegistry());
  const shown = (name: string) =>
    [...(fleet.host(name)?.groups.values() ?? [])].map(({ shape, newest }) => [
      shape.families[0]?.name,
      newest.column.values[0],
    ]);
  assert.deepEqual(shown('tick'), [
    ['up', 1],
    ['a', 2],
  ]);
  assert.deepEqual(shown('long'), [['a', 16]]);
  assert.deepEqual(
    fleet
      .hosts()
      .map(({ name, reportsUp, samples, lastSampleAt }) => [name, reportsUp, samples, lastSampleAt]),
    [
      ['long', false, 0, NOW - 1],
      ['tick', true, 0, NOW],
    ],
  );
});
