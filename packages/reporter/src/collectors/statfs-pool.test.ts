import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, type FilesystemStats, StatfsPool, TIMED_OUT } from './statfs-pool.ts';

const STATS: FilesystemStats = { bsize: 1, blocks: 2, bfree: 1, bavail: 1, files: 1, ffree: 1 };
const TIMEOUT_MS = 30;

/** A system whose mounts answer when told to; `/ok…` at once. */
function fakeSystem() {
  const calls: string[] = [];
  const open = new Map<string, (answer: Answer) => void>();
  let most = 0;
  const statfs = (path: string): Promise<FilesystemStats> => {
    calls.push(path);
    if (path.startsWith('/ok')) return Promise.resolve(STATS);
    return new Promise((resolve, reject) => {
      open.set(path, (answer) => {
        open.delete(path);
        if (typeof answer === 'string') reject(Object.assign(new Error(answer), { errno: Number(answer) }));
        else resolve(answer);
      });
      most = Math.max(most, open.size);
    });
  };
  return {
    calls,
    statfs,
    answer: (path: string, answer: Answer) => open.get(path)?.(answer),
    most: () => most,
  };
}

const local = (path: string) => ({ path, remote: false });
const remote = (path: string) => ({ path, remote: true });
const never = new AbortController().signal;

test('asks all, more than may be under way at once, and does not wait for the time to pass', async () => {
  const pool = new StatfsPool(fakeSystem().statfs, 60_000);
  const paths = ['/ok1', '/ok2', '/ok3', '/ok4', '/ok5'];
  const answers = await pool.ask([...paths.map(local), remote('/ok6'), remote('/ok7')], never);
  assert.deepEqual([...answers.values()], Array(7).fill(STATS));
  assert.deepEqual(await pool.ask([], never), new Map());
});

test('a hung remote mount costs neither the local ones nor a second question', async () => {
  const system = fakeSystem();
  const pool = new StatfsPool(system.statfs, TIMEOUT_MS);
  const questions = [remote('/hung'), remote('/hung2'), local('/ok')];
  for (let round = 0; round < 3; round++) {
    const answers = await pool.ask(questions, never);
    assert.deepEqual([...answers.values()], [TIMED_OUT, TIMED_OUT, STATS]);
  }
  assert.deepEqual(system.calls, ['/hung', '/ok', '/ok', '/ok']);

  system.answer('/hung', STATS);
  await new Promise(setImmediate);
  const answers = await pool.ask(questions, never);
  assert.equal(answers.get('/hung'), TIMED_OUT, 'it is asked again, and hangs again');
  assert.equal(system.calls.filter((path) => path === '/hung').length, 2);
});

test('a mount that answers late is told in the next round, not with its old answer', async () => {
  const system = fakeSystem();
  const pool = new StatfsPool(system.statfs, TIMEOUT_MS);
  assert.equal((await pool.ask([remote('/slow')], never)).get('/slow'), TIMED_OUT);
  system.answer('/slow', STATS);
  await new Promise(setImmediate);
  const round = pool.ask([remote('/slow')], never);
  system.answer('/slow', { ...STATS, bfree: 0 });
  assert.deepEqual((await round).get('/slow'), { ...STATS, bfree: 0 });
});

test('never more than two are under way, even of local mounts', async () => {
  const system = fakeSystem();
  const pool = new StatfsPool(system.statfs, TIMEOUT_MS);
  const questions = ['/a', '/b', '/c', '/d'].map(local);
  await pool.ask(questions, never);
  await pool.ask([...questions, remote('/e')], never);
  assert.equal(system.most(), 2);
  assert.deepEqual(system.calls, ['/a', '/b']);
});

test('when all places are taken a round ends at once', async () => {
  const system = fakeSystem();
  const pool = new StatfsPool(system.statfs, TIMEOUT_MS);
  await pool.ask([local('/a'), local('/b')], never);
  const slow = new StatfsPool(system.statfs, 60_000);
  await Promise.race([slow.ask([local('/ok')], never), new Promise((resolve) => setTimeout(resolve, 1000))]);
  const before = performance.now();
  await pool.ask([local('/a'), local('/b'), local('/c')], never);
  assert.ok(performance.now() - before < TIMEOUT_MS);
});

test('an aborted tick ends the round, and what is under way counts as hanging', async () => {
  const system = fakeSystem();
  const pool = new StatfsPool(system.statfs, 60_000);
  const tick = new AbortController();
  const round = pool.ask([local('/a')], tick.signal);
  tick.abort();
  assert.equal((await round).get('/a'), TIMED_OUT);
  assert.equal((await pool.ask([local('/b')], tick.signal)).get('/b'), TIMED_OUT);
  assert.deepEqual(system.calls, ['/a'], 'nothing is asked in a tick that is over');
});

test('errors are told in the words of node_exporter', async () => {
  const system = fakeSystem();
  const pool = new StatfsPool(system.statfs, 60_000);
  const text = async (errno: number) => {
    const round = pool.ask([local('/a')], never);
    system.answer('/a', String(errno));
    return (await round).get('/a');
  };
  assert.equal(await text(-2), 'no such file or directory');
  assert.equal(await text(-13), 'permission denied');
  assert.equal(await text(-116), 'stale file handle');
  assert.equal(await text(-107), 'transport endpoint is not connected');
});
