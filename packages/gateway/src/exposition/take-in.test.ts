import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Draft } from './draft.ts';
import type { ShapeClass } from './shape-class.ts';
import type { HostSource } from './source.ts';
import { takeInCreated } from './take-in.ts';
import { family, shapeOf } from './test-support.ts';

const [COUNTER, CREATED] = shapeOf([family('a', 'counter'), family('a_created', 'gauge')]).families;

function draftOf(sample: string, type: Draft['type'], sources: readonly HostSource[]): Draft {
  return { sample, declared: sample, reserved: [sample], type, help: '', sources, rank: 1, created: null };
}

test('thousands of classes of shapes are looked through once, not for each of them', () => {
  assert.ok(COUNTER && CREATED);
  const pair = { created: 'a_created', of: 'a' };
  const classes = Array.from(
    { length: 40_000 },
    (): ShapeClass => ({ shapes: [0], families: [COUNTER, CREATED], created: [pair], hosts: 1 }),
  );
  const sourcesOf = (place: number, own: typeof COUNTER) =>
    classes.map((each): HostSource => ({ kind: 'host', class: each, place, family: own }));
  const counter = draftOf('a', 'counter', sourcesOf(0, COUNTER));
  const created = draftOf('a_created', 'gauge', sourcesOf(1, CREATED));
  const before = process.cpuUsage();
  const [taken, ...others] = takeInCreated([counter, created]);
  const { user } = process.cpuUsage(before);
  assert.equal(taken?.created, created);
  assert.deepEqual(others, []);
  assert.ok(user < 500_000, `${user} µs`);
  // One class without the counter, and all of it stays where it is.
  const fewer = { ...counter, sources: counter.sources.slice(1) };
  assert.deepEqual(takeInCreated([fewer, created]), [fewer, created]);
});
