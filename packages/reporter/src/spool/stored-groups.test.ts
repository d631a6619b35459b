import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROUPS_PER_BATCH_MAX } from '@tributary/shared/limits';
import { datedGroups, encodeStoredGroup, packGroups } from './stored-groups.ts';
import { appendTick, openSpool, START_AT, shapeOf, timesOf } from './test-support.ts';

const shape = shapeOf('a');

test('a group of its batch’s own moment is kept as it is sent', () => {
  const text = `[${encodeStoredGroup(7, { shape, values: [1, null, Number.NaN] })}]`;
  assert.equal(text, '[{"shape":7,"values":[1,null,"NaN"]}]');
  assert.equal(datedGroups(text, START_AT), text);
});

test('an older group gets its moment when it is read', () => {
  const groups = [
    { shape, values: [1], ageMs: 2500 },
    { shape, values: [2] },
    { shape, values: [3], ageMs: 0.4 },
  ];
  const text = `[${groups.map((group, i) => encodeStoredGroup(i + 1, group)).join()}]`;
  assert.equal(
    datedGroups(text, 10_000),
    '[{"shape":1,"at":7500,"values":[1]},{"shape":2,"values":[2]},{"shape":3,"at":10000,"values":[3]}]',
  );
  assert.equal(JSON.parse(datedGroups(text, 1000))[0].at, 0, 'never before 1970');
});

test('groups are laid out in batches of a bounded size, none left out', () => {
  assert.deepEqual(packGroups([], 10), [[]]);
  assert.deepEqual(packGroups(['aaaa', 'bbbb', 'cccc', 'd'.repeat(30), 'e'], 10), [[0, 1], [2], [3], [4]]);
  const many = packGroups(Array(2500).fill('x'), 1_000_000);
  assert.deepEqual(
    many.map(({ length }) => length),
    [1024, 1024, 452],
  );
});

test('a batch has no more groups than a frame may have', () => {
  const texts = Array.from({ length: 2 * GROUPS_PER_BATCH_MAX + 1 }, () => 'g');
  const counts = packGroups(texts, 1_000_000).map(({ length }) => length);
  assert.deepEqual(counts, [GROUPS_PER_BATCH_MAX, GROUPS_PER_BATCH_MAX, 1]);
});

test('the layers of a tick are batches of one time, and their groups move with it', (t) => {
  const spool = openSpool(t);
  const other = shapeOf('b');
  const layers = [
    [{ shape, values: [1], ageMs: 9000 }],
    [
      { shape: other, values: [7] },
      { shape, values: [2], ageMs: 4000 },
    ],
  ];
  const moment = { at: START_AT, boot: 'boot-1', mono: 0 };
  const seq = spool.append(moment, layers, { willSend: false, timeIsSure: true, stepMs: 5000 });
  assert.equal(seq, 2);
  assert.deepEqual(timesOf(spool), [START_AT, START_AT]);
  appendTick(spool);
  spool.restate('boot-1', START_AT + 60_000);
  const [first, second] = spool.read(1, 1_000_000);
  assert.equal(first?.groups, `[{"shape":1,"at":${START_AT + 51_000},"values":[1]}]`);
  assert.equal(
    second?.groups,
    `[{"shape":2,"values":[7]},{"shape":1,"at":${START_AT + 56_000},"values":[2]}]`,
  );
});

test('a layer too large for a frame becomes several batches', (t) => {
  const spool = openSpool(t);
  const values = Array.from({ length: 40_000 }, () => 1_234_567);
  const groups = ['a', 'b', 'c'].map((name) => ({ shape: shapeOf(name), values }));
  const moment = { at: START_AT, boot: 'boot-1', mono: 0 };
  const seq = spool.append(moment, [groups], { willSend: false, timeIsSure: true, stepMs: 5000 });
  assert.equal(seq, 3);
  const batches = spool.read(1, Number.POSITIVE_INFINITY);
  assert.deepEqual(
    batches.map(({ at, groups: text }) => [at, JSON.parse(text).length]),
    [
      [START_AT, 1],
      [START_AT, 1],
      [START_AT, 1],
    ],
  );
  for (const id of [1, 2, 3]) assert.notEqual(spool.shapeBody(id), undefined);
});
