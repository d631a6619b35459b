import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnWriter } from './collector.ts';
import { ColumnRecorder } from './columns.ts';
import { render } from './test-support.ts';

function twoFamilies(out: ColumnWriter, devices: readonly string[], first = 1): void {
  out.family('a_total', 'counter', 'A.', ['device']);
  for (const [i, device] of devices.entries()) out.add(first + i, device);
  out.family('b', 'gauge', 'B.');
  out.add(null);
}

test('the same writes give the same shape object, and new values', () => {
  const recorder = new ColumnRecorder({ job: 'node' });
  twoFamilies(recorder, ['x', 'y']);
  const one = recorder.take();
  twoFamilies(recorder, ['x', 'y'], 5);
  const two = recorder.take();
  assert.equal(two?.shape, one?.shape);
  assert.deepEqual(one?.values, [1, 2, null]);
  assert.deepEqual(two?.values, [5, 6, null]);
  assert.deepEqual(one?.shape.labels, { job: 'node' });
});

for (const [what, devices] of [
  ['one more', ['x', 'y', 'z']],
  ['one less', ['x']],
  ['another name', ['x', 'z']],
  ['another order', ['y', 'x']],
  ['none at all', []],
] as const) {
  test(`${what} gives a new shape, and the old one is not touched`, () => {
    const recorder = new ColumnRecorder({});
    twoFamilies(recorder, ['x', 'y']);
    const before = recorder.take();
    const text = render(before);
    twoFamilies(recorder, devices);
    const after = recorder.take();
    assert.notEqual(after?.shape, before?.shape);
    assert.equal(render(before), text);

    const fresh = new ColumnRecorder({});
    twoFamilies(fresh, devices);
    assert.deepEqual(after, fresh.take());
    twoFamilies(recorder, devices);
    assert.equal(recorder.take()?.shape, after?.shape, 'and then it stays');
  });
}

test('a family less, one more, and another type or help are new shapes', () => {
  const recorder = new ColumnRecorder({});
  const shapes = new Set<unknown>();
  const writes: ((out: ColumnWriter) => void)[] = [
    (out) => twoFamilies(out, ['x']),
    (out) => {
      out.family('a_total', 'counter', 'A.', ['device']);
      out.add(1, 'x');
    },
    (out) => twoFamilies(out, ['x']),
    (out) => {
      out.family('a_total', 'gauge', 'A.', ['device']);
      out.add(1, 'x');
    },
    (out) => {
      out.family('a_total', 'gauge', 'Other.', ['device']);
      out.add(1, 'x');
    },
    (out) => {
      out.family('a_total', 'gauge', 'Other.', ['name']);
      out.add(1, 'x');
    },
  ];
  for (const write of writes) {
    write(recorder);
    shapes.add(recorder.take()?.shape);
  }
  assert.equal(shapes.size, writes.length);
});

test('families without series and empty labels are not in the shape', () => {
  const recorder = new ColumnRecorder({});
  recorder.family('empty', 'gauge', 'E.', ['device']);
  recorder.family('full', 'gauge', 'F.', ['device', 'mode']);
  recorder.add(1, '', 'b');
  const column = recorder.take();
  assert.deepEqual(column?.shape.families, [
    { name: 'full', type: 'gauge', help: 'F.', series: [['', { mode: 'b' }]] },
  ]);
});

test('a tick without values is null', () => {
  const recorder = new ColumnRecorder({});
  assert.equal(recorder.take(), null);
  twoFamilies(recorder, ['x']);
  recorder.take();
  assert.equal(recorder.take(), null);
  twoFamilies(recorder, ['x']);
  assert.deepEqual(recorder.take()?.values, [1, null]);
});

test('what was written before a reset does not count', () => {
  const recorder = new ColumnRecorder({});
  twoFamilies(recorder, ['x', 'y']);
  const before = recorder.take();
  recorder.family('a_total', 'counter', 'A.', ['device']);
  recorder.add(1, 'x');
  recorder.reset();
  twoFamilies(recorder, ['x', 'y']);
  const after = recorder.take();
  assert.equal(after?.shape, before?.shape);
  assert.deepEqual(after?.values, [1, 2, null]);

  recorder.family('other', 'gauge', 'O.');
  recorder.add(1);
  recorder.reset();
  twoFamilies(recorder, ['x', 'y']);
  assert.deepEqual(recorder.take(), after, 'a tick that broke off with other series leaves nothing behind');
});

test('misuse is an error', () => {
  const recorder = new ColumnRecorder({});
  assert.throws(() => recorder.add(1), /before any family/);
  recorder.family('a', 'gauge', 'A.', ['device']);
  assert.throws(() => recorder.add(1), /a has 1 labels, but 0 values were given/);
  assert.throws(() => recorder.family('a', 'gauge', 'A.'), /started twice/);
});

test('foreign series carry suffixes and labels of their own, and keep the shape while they stay the same', () => {
  const recorder = new ColumnRecorder({});
  const write = (value: number, ...labels: string[]) => {
    recorder.foreignFamily('h', 'histogram', 'Some.');
    recorder.addForeign(value, '_bucket', labels);
    recorder.addForeign(2, '_count', []);
    return recorder.take();
  };
  const first = write(1, 'le', '+Inf', 'x', 'y');
  assert.deepEqual(first?.shape.families[0]?.series, [
    ['_bucket', { le: '+Inf', x: 'y' }],
    ['_count', {}],
  ]);
  const second = write(3, 'le', '+Inf', 'x', 'y');
  assert.equal(second?.shape, first?.shape);
  assert.deepEqual(second?.values, [3, 2]);
  assert.notEqual(write(3, 'le', '1')?.shape, first?.shape);
});

test('a foreign series needs a foreign family', () => {
  const recorder = new ColumnRecorder({});
  recorder.family('a', 'gauge', 'Some.');
  assert.throws(() => recorder.addForeign(1, '', []), /outside of a foreign family/);
  recorder.foreignFamily('b', 'gauge', 'Some.');
  assert.throws(() => recorder.add(1), /b has foreign labels/);
});

test('a tick with nothing to tell changes nothing', () => {
  const recorder = new ColumnRecorder({});
  twoFamilies(recorder, ['x']);
  const before = recorder.take();
  assert.equal(recorder.take(), null);
  twoFamilies(recorder, ['x'], 7);
  const after = recorder.take();
  assert.equal(after?.shape, before?.shape);
  assert.deepEqual(after?.values, [7, null]);
});

test('what was taken before its tick says so, in that tick only', () => {
  const recorder = new ColumnRecorder({});
  recorder.takenBefore(250);
  twoFamilies(recorder, ['x']);
  assert.equal(recorder.take()?.ageMs, 250);
  twoFamilies(recorder, ['x']);
  assert.equal(recorder.take()?.ageMs, undefined);
  recorder.takenBefore(250);
  recorder.reset();
  recorder.takenBefore(-1);
  twoFamilies(recorder, ['x']);
  assert.equal(recorder.take()?.ageMs, undefined);
});
