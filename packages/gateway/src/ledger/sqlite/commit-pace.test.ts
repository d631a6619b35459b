import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMIT_EVERY_MS, CommitPace } from './commit-pace.ts';
import type { AppendTask, Task } from './tasks.ts';

/** No more of a task is looked at. */
const appendOf = (host: string) => ({ kind: 'append', append: { host } }) as AppendTask;
const append = appendOf('a');
const request = { kind: 'request' } as Task;

test('what comes right behind a commit waits a moment, but for a request, a backlog or the same host', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 1000;
  let dues = 0;
  const pace = new CommitPace(
    () => now,
    () => dues++,
  );
  assert.equal(pace.waits([append], 1), false, 'at rest nobody waits');
  pace.begun([appendOf('b'), appendOf('c')]);
  now += 10.5;
  assert.equal(pace.waits([append], 1), true);
  assert.equal(pace.waits([append, appendOf('c')], 2), false, 'who sends one behind the other');
  assert.equal(pace.waits([append, append], 2), true);
  assert.equal(pace.waits([append, request], 2), false);
  assert.equal(pace.waits([append, append], 256 * 1024), false);
  t.mock.timers.tick(14);
  assert.equal(dues, 0);
  t.mock.timers.tick(1);
  assert.equal(dues, 1, 'once for all that wait');
  now += COMMIT_EVERY_MS - 10.5;
  assert.equal(pace.waits([append], 1), false);
});

test('a commit that begins in the meantime takes all with it, and nothing is told after the end', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let dues = 0;
  const pace = new CommitPace(
    () => 0,
    () => dues++,
  );
  pace.begun([]);
  assert.equal(pace.waits([append], 1), true);
  pace.begun([]);
  assert.equal(pace.waits([append], 1), true);
  pace.end();
  t.mock.timers.tick(1000);
  assert.equal(dues, 0);
});
