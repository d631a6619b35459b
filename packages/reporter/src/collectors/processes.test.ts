import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProcessesCollector, parseTaskStat } from './processes.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('the name may hold spaces and parentheses', () => {
  const text = '41 (a (b) c) S 1 1 1 0 -1 0 0 0 0 0 230 17 0 0 20 0 11 0 8110 4096 5 0\n';
  assert.deepEqual(parseTaskStat(text), { state: 'S', threads: 11 });
});

test('garbage and a cut line are errors', () => {
  assert.throws(() => parseTaskStat('what is this'), /expected "pid \(name\) state …"/);
  assert.throws(() => parseTaskStat('1 (a) S 1'), /too few fields/);
});

test('counts processes and threads by state', async () => {
  const text = await renderOnce(createProcessesCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_processes_pids'), ['3']);
  assert.deepEqual(samplesOf(text, 'node_processes_threads'), ['5']);
  assert.deepEqual(samplesOf(text, 'node_processes_state'), ['{state="I"} 1', '{state="S"} 2']);
  assert.deepEqual(samplesOf(text, 'node_processes_threads_state'), [
    '{thread_state="I"} 1',
    '{thread_state="R"} 1',
    '{thread_state="S"} 3',
  ]);
});

test('a process that ends meanwhile is not counted', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/7/cmdline': '',
    'proc/sys/kernel/threads-max': '10\n',
    'proc/sys/kernel/pid_max': '20\n',
  });
  const text = await renderOnce(createProcessesCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_processes_pids'), ['0']);
});
