/** What `npm start` does around its two programs; fakes stand for them. test/start.test.ts has the real ones. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { endsOnSignal, fakeRepository, LISTENS, RUNS, startIn } from './fake-repository.ts';

// Signals first: once a fake has spoken, the test may send one.
const GATEWAY = endsOnSignal('gateway') + LISTENS;
const REPORTER = endsOnSignal('reporter') + RUNS;

describe('npm start', { concurrency: true }, () => {
  test('both get the flags of their shebangs, the reporter the address of the gateway', async (t) => {
    await using start = await startIn(t, await fakeRepository(t, { gateway: GATEWAY, reporter: REPORTER }));
    const flags = '--max-semi-space-size=1 --expose-gc';
    await start.line('stderr', new RegExp(`^gateway has ${flags} serve$`));
    await start.line(
      'stderr',
      new RegExp(`^reporter has ${flags} run --gateway.url ws://127.0.0.1:9750/v1/stream$`),
    );
    await start.line('stdout', /^Ctrl-C/);
    assert.equal(start.lines('stdout')[0], 'listening on http://0.0.0.0:9750');
    for (const path of ['/metrics', '/-/ready', '/api/v1/hosts']) {
      assert.ok(start.lines('stdout').some((line) => line.includes(`http://127.0.0.1:9750${path}`)));
    }
    assert.deepEqual(
      start.lines('stdout').slice(start.lines('stdout').indexOf('scrape_configs:')).slice(0, 7),
      [
        'scrape_configs:',
        '  - job_name: tributary',
        '    honor_labels: true',
        '    scrape_interval: 15s',
        "    params: {scraper: ['prometheus']}",
        '    static_configs:',
        "      - targets: ['127.0.0.1:9750']",
      ],
    );
  });

  test('a gateway of the user is left to the environment', async (t) => {
    const root = await fakeRepository(t, { gateway: GATEWAY, reporter: REPORTER });
    await using start = await startIn(t, root, {
      TRIBUTARY_REPORTER_GATEWAY_URL: 'ws://elsewhere/v1/stream',
    });
    await start.line('stderr', /^reporter has .* run$/);
  });

  test('a stop ends the reporter first', async (t) => {
    await using start = await startIn(t, await fakeRepository(t, { gateway: GATEWAY, reporter: REPORTER }));
    await start.line('stderr', /^reporter has/);
    process.kill(start.pid, 'SIGTERM');
    assert.deepEqual(await start.exited, { code: 0, signal: null });
    assert.deepEqual(start.lines('stderr').slice(-2), ['reporter ends', 'gateway ends']);
  });

  test('a program that does not end is killed', async (t) => {
    const deaf = `process.on('SIGTERM', () => console.error('gateway is deaf'));${LISTENS}`;
    await using start = await startIn(t, await fakeRepository(t, { gateway: deaf, reporter: REPORTER }));
    await start.line('stderr', /^reporter has/);
    process.kill(start.pid, 'SIGTERM');
    assert.deepEqual(await start.exited, { code: 1, signal: null });
    assert.ok(start.lines('stderr').includes('gateway is deaf'));
    assert.equal(start.lines('stderr').at(-1), 'tributary: the gateway was ended by SIGKILL');
  });

  test('a deaf reporter does not keep the gateway from a clean end', async (t) => {
    const deaf = `process.on('SIGTERM', () => {});${RUNS}`;
    await using start = await startIn(t, await fakeRepository(t, { gateway: GATEWAY, reporter: deaf }));
    await start.line('stderr', /^reporter has/);
    process.kill(start.pid, 'SIGTERM');
    assert.deepEqual(await start.exited, { code: 1, signal: null });
    assert.ok(start.lines('stderr').includes('gateway ends'));
    assert.equal(start.lines('stderr').at(-1), 'tributary: the reporter was ended by SIGKILL');
  });

  for (const [failing, programs] of [
    ['gateway', { gateway: 'process.exit(3);', reporter: REPORTER }],
    ['reporter', { gateway: GATEWAY, reporter: 'process.exit(3);' }],
  ] as const) {
    test(`a ${failing} that fails is named, and the other is stopped`, async (t) => {
      await using start = await startIn(t, await fakeRepository(t, programs));
      assert.deepEqual(await start.exited, { code: 1, signal: null });
      const line = `tributary: the ${failing} ended with exit code 3; stopping`;
      assert.ok(start.lines('stderr').includes(line), start.describe());
      assert.equal(start.lines('stderr').includes('gateway ends'), failing === 'reporter');
    });
  }
});
