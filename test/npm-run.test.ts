/** A service manager, or `kill`, knows npm's process only: what npm has started must end with it, and npm wait for that. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertGroupGone, surroundings } from './support/as-a-user.ts';
import { Child } from './support/child.ts';
import { REPOSITORY } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

const STOP_MS_MAX = 10_000;

for (const [script, stream, running] of [
  ['gateway', 'stdout', /^listening on /],
  ['reporter', 'stderr', /reporter started/],
  ['start', 'stderr', /"connected"/],
] as const) {
  test(`SIGTERM to the npm of \`npm run ${script}\` ends all that it has started`, async (t) => {
    const env = await surroundings(await tempDir(t));
    // Not the one at the default address, which may be somebody's.
    const gateway = `ws://${env['TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS']}`;
    await using npm = await Child.spawn(t, {
      name: `npm run ${script}`,
      command: 'npm',
      args: ['run', script],
      cwd: REPOSITORY,
      env: script === 'reporter' ? { ...env, TRIBUTARY_REPORTER_GATEWAY_URL: gateway } : env,
      group: true,
    });
    await npm.line(stream, running);
    const toldAt = performance.now();
    process.kill(npm.pid, 'SIGTERM');
    await npm.exited;
    // Whoever waited for npm may start it anew at once, on the same port and data.
    await assertGroupGone(npm.pid, 0);
    assert.ok(performance.now() - toldAt < STOP_MS_MAX);
    assert.deepEqual(npm.exit, { code: 0, signal: null }, npm.describe());
  });
}
