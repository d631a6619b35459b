import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostGroup } from '../fleet/host.ts';
import type { AdmittedShape } from '../link/admission.ts';
import { FakeClock } from '../link/test-support.ts';
import type { HostInput } from './input.ts';
import { family, hostPoints, point, shapeOf } from './test-support.ts';
import { Votes } from './votes.ts';

const [A, B, C] = ['a', 'b', 'c'].map((name) => shapeOf([family(name, 'gauge')])) as [
  AdmittedShape,
  AdmittedShape,
  AdmittedShape,
];

function bench(...shapes: readonly AdmittedShape[]) {
  const clock = new FakeClock();
  const fleet = { groups: groupsOf(shapes), looks: 0 };
  const votes = new Votes({
    groups: () => {
      fleet.looks++;
      return fleet.groups;
    },
    uptimeMs: clock.uptimeMs,
  });
  return { clock, fleet, votes };
}

function groupsOf(shapes: readonly AdmittedShape[]): readonly HostGroup[] {
  return shapes.map((shape, i) => ({
    host: `web-${i}`,
    shape,
    target: '',
    newest: { ...point(1, [1]), present: 1 },
  }));
}

function inputOf(...shapes: readonly AdmittedShape[]): HostInput {
  return new Map(shapes.map((shape) => [shape, [hostPoints('web-9', shape, [point(1, [1])])]]));
}

test('votes are counted over the fleet, and stand for a moment', () => {
  const { clock, fleet, votes } = bench(A, A, B);
  const counts = votes.of(inputOf(A), false);
  assert.deepEqual(
    [...counts],
    [
      [A, 2],
      [B, 1],
    ],
  );
  fleet.groups = groupsOf([A, B, B]);
  for (let i = 0; i < 100; i++) assert.equal(votes.of(inputOf(B), false), counts);
  assert.equal(fleet.looks, 1);
  clock.pass(5_000);
  assert.deepEqual(
    [...votes.of(inputOf(A), false)],
    [
      [A, 1],
      [B, 2],
    ],
  );
});

test('whoever looks at the whole fleet has its present votes, and the same map while they are the same', () => {
  const { fleet, votes } = bench(A, B);
  const counts = votes.of(inputOf(A, B), true);
  fleet.groups = groupsOf([A, B]);
  assert.equal(votes.of(inputOf(A, B), true), counts);
  fleet.groups = groupsOf([A, B, B]);
  assert.equal(votes.of(inputOf(A, B), true).get(B), 2);
});

test('a shape that is new is counted at once, and one that no host has any more has its hosts’ votes for a moment', () => {
  const { clock, fleet, votes } = bench(A);
  const before = votes.of(inputOf(A), false);
  fleet.groups = groupsOf([A, B, B]);
  assert.equal(votes.of(inputOf(B), false).get(B), 2);
  const counts = votes.of(inputOf(C), false);
  assert.deepEqual(
    [...counts],
    [
      [A, 1],
      [B, 2],
      [C, 1],
    ],
  );
  assert.equal(votes.of(inputOf(A), false), counts, 'it need not be laid out anew for each host');
  assert.deepEqual([...before], [[A, 1]], 'whoever has the former votes keeps them');
  clock.pass(5_000);
  assert.equal(votes.of(inputOf(A), false), counts, 'it was shown lately');
  clock.pass(5_000);
  assert.deepEqual(
    [...votes.of(inputOf(A), false)],
    [
      [A, 1],
      [B, 2],
    ],
  );
});

test('shapes that no host has any more do not undo each other', () => {
  const { clock, fleet, votes } = bench(A);
  votes.of(inputOf(B), false);
  const counts = votes.of(inputOf(C), false);
  const { looks } = fleet;
  for (let i = 0; i < 50; i++) {
    assert.equal(votes.of(inputOf(i % 2 === 0 ? B : C), false), counts);
    clock.pass(90);
  }
  assert.equal(fleet.looks, looks, 'the fleet is not counted for them');
  clock.pass(5_000);
  assert.equal(votes.of(inputOf(B), false), counts, 'both were shown lately');
  clock.pass(5_000);
  assert.deepEqual([...votes.of(inputOf(B), false).keys()], [A, B], 'one was not');
});
