/** `npm start` as a user has it: this repository's own, and in CI a fresh copy that has nothing installed. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, realpath, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test from 'node:test';
import { assertGroupGone, pathOfUser, surroundings } from './support/as-a-user.ts';
import { Child } from './support/child.ts';
import { LONG } from './support/durations.ts';
import { eventually } from './support/eventually.ts';
import { readExposition } from './support/exposition.ts';
import { isCi } from './support/peers.ts';
import { LISTENING, REPOSITORY } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

const LISTENING_MS_MAX = 120_000;
const SERVING_MS_MAX = 15_000;
const SERIES_MIN = 150;
const STOP_MS_MAX = 5000;
const NOT_IN_A_CLONE = ['node_modules', 'dist', 'data', '.git', 'tsconfig.tsbuildinfo'];

/** A folder for a PATH that has Node, npm and a shell, and no compiler, no Python, nothing else. */
async function bareTools(folder: string): Promise<string> {
  await mkdir(folder);
  for (const tool of ['node', 'npm', 'sh']) {
    const found = pathOfUser()
      .map((entry) => join(entry, tool))
      .find((file) => existsSync(file));
    assert.ok(found, `${tool} is not on the PATH`);
    await symlink(await realpath(found), join(folder, tool));
  }
  return folder;
}

/** Waits for the listening line and then for this machine's series. */
async function serves(start: Child): Promise<void> {
  const [, url] = await start.line('stdout', LISTENING, LISTENING_MS_MAX);
  await start.line('stdout', /honor_labels: true/);
  const targets = await start.line('stdout', /- targets: \['([^']+)'\]/);
  assert.equal(targets[1], new URL(String(url)).host);
  await eventually(
    `${SERIES_MIN} series of this host`,
    async () => {
      const { samples } = readExposition(await (await fetch(`${url}/metrics`)).text());
      return samples.filter(({ labels }) => labels['host'] !== undefined).length >= SERIES_MIN;
    },
    { timeoutMs: SERVING_MS_MAX },
  );
  assert.equal((await fetch(`${url}/-/ready`)).status, 200);
}

for (const [title, signal, toGroup] of [
  ['Ctrl-C', 'SIGINT', true],
  ['SIGTERM', 'SIGTERM', false],
] as const) {
  test(`npm start serves this machine, and ${title} stops both programs within 5 s`, async (t) => {
    const env = await surroundings(await tempDir(t));
    const args = [join(REPOSITORY, 'scripts/start.mjs')];
    await using start = await Child.spawn(t, {
      name: 'npm start',
      command: process.execPath,
      args,
      cwd: REPOSITORY,
      env,
      group: true,
    });
    await serves(start);
    if (toGroup) start.kill(signal);
    else process.kill(start.pid, signal);
    const stoppedAt = performance.now();
    assert.deepEqual(await start.exited, { code: 0, signal: null }, start.describe());
    assert.ok(performance.now() - stoppedAt < STOP_MS_MAX);
    await assertGroupGone(start.pid);
  });
}

test('npm start of a gateway that cannot start: its own clear line, and which it was', async (t) => {
  const env = await surroundings(await tempDir(t));
  await using start = await Child.spawn(t, {
    name: 'npm start',
    command: process.execPath,
    args: [join(REPOSITORY, 'scripts/start.mjs')],
    cwd: REPOSITORY,
    env: { ...env, TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS: 'nonsense' },
    group: true,
  });
  assert.deepEqual(await start.exited, { code: 1, signal: null }, start.describe());
  const [first, second, ...others] = start
    .lines('stderr')
    .filter((line) => !/installing|building|waiting/.test(line));
  assert.match(first ?? '', /nonsense/);
  assert.match(second ?? '', /the gateway ended with exit code 1/);
  assert.deepEqual(others, []);
});

test('npm start on a fresh clone, with nothing but the Node and npm of the user', {
  skip: isCi() || LONG ? false : 'installs everything anew: set CI=true or TRIBUTARY_LONG=1',
  timeout: LISTENING_MS_MAX + 60_000,
}, async (t) => {
  const folder = await tempDir(t);
  const clone = join(folder, 'clone');
  await cp(REPOSITORY, clone, {
    recursive: true,
    filter: (path) => !NOT_IN_A_CLONE.includes(basename(path)),
  });
  const env = { ...(await surroundings(join(folder, 'data'))), PATH: await bareTools(join(folder, 'bin')) };
  await using start = await Child.spawn(t, {
    name: 'npm start',
    command: join(folder, 'bin/npm'),
    args: ['start'],
    cwd: clone,
    env,
    group: true,
  });
  await serves(start);
  start.kill('SIGINT');
  await start.exited;
  await assertGroupGone(start.pid);
});
