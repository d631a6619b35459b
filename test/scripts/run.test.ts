/** What `npm run gateway` and `npm run reporter` do around one program; a fake stands for it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { endsOnSignal, fakeRepository, RUNS, runIn } from './fake-repository.ts';

test('a program gets the flags of its shebang and its own, and a signal', async (t) => {
  const root = await fakeRepository(t, { gateway: RUNS, reporter: endsOnSignal('reporter') + RUNS });
  await using run = await runIn(t, root, 'reporter', '--interval', '1s');
  await run.line('stderr', /^reporter has --max-semi-space-size=1 --expose-gc --interval 1s$/);
  process.kill(run.pid, 'SIGTERM');
  assert.deepEqual(await run.exited, { code: 0, signal: null });
});

test('its exit code is passed on', async (t) => {
  const root = await fakeRepository(t, { gateway: 'process.exit(3);', reporter: RUNS });
  await using run = await runIn(t, root, 'gateway');
  assert.deepEqual(await run.exited, { code: 3, signal: null });
});

test('another name is refused', async (t) => {
  await using run = await runIn(t, await fakeRepository(t, { gateway: RUNS, reporter: RUNS }), 'getaway');
  assert.deepEqual(await run.exited, { code: 1, signal: null });
  assert.match(run.lines('stderr').join(), /which program\? gateway or reporter/);
});
