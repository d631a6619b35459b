import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createClockSteps } from './clock-steps.ts';
import { Timekeeper } from './sampler/timekeeper.ts';
import { SpoolError } from './spool/spool-error.ts';
import { appendTick, openSpool, START_AT, temporaryFolder, timesOf } from './spool/test-support.ts';

function setUp(t: TestContext, folder = temporaryFolder(t)) {
  const host = { wallMs: START_AT, bootMs: 0 };
  const time = new Timekeeper(() => host.wallMs, { boot: 'boot-1', now: () => host.bootMs });
  const spool = openSpool(t, { folder });
  const lines: string[] = [];
  const log = { warn: (fields: object) => void lines.push(JSON.stringify(fields)) };
  return { host, time, spool, lines, folder, steps: createClockSteps(spool, time, log) };
}

test('a step restates what is unsent, once', (t) => {
  const { host, time, spool, steps, lines } = setUp(t);
  appendTick(spool, { at: START_AT + 10, mono: 10 });
  host.wallMs += 3_600_000;
  steps.note(time.observe());
  steps.note(false);
  steps.settle();
  steps.settle();
  assert.deepEqual(timesOf(spool), [START_AT + 3_600_010]);
  assert.deepEqual(lines, ['{"batches":1,"correctionMs":0}']);
});

test('stays due while the disk refuses', (t) => {
  const { host, time, spool, steps } = setUp(t);
  appendTick(spool, { at: START_AT + 10, mono: 10 });
  host.wallMs += 3_600_000;
  steps.note(time.observe());
  const refusing = t.mock.method(spool, 'restate', () => {
    throw new SpoolError('disk full');
  });
  assert.throws(() => steps.settle(), SpoolError);
  refusing.mock.restore();
  steps.note(false);
  steps.settle();
  assert.deepEqual(timesOf(spool), [START_AT + 3_600_010]);
});

test('a step between two processes of one boot is found at the start', (t) => {
  const before = setUp(t);
  appendTick(before.spool, { at: START_AT + 10, mono: 10 });
  before.spool.close();
  const after = setUp(t, before.folder);
  after.steps.settle();
  assert.deepEqual(after.lines, [], 'nothing stepped');
  after.spool.close();
  const stepped = openSpool(t, { folder: before.folder });
  const lines: string[] = [];
  const log = { warn: (fields: object) => void lines.push(JSON.stringify(fields)) };
  const time = new Timekeeper(() => START_AT - 5_000, { boot: 'boot-1', now: () => 0 });
  createClockSteps(stepped, time, log).settle();
  assert.deepEqual([timesOf(stepped), lines.length], [[START_AT - 4_990], 1]);
});
