import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import { createSocketFinder, parseSockets, socketsAmong, usualSockets } from './sockets.ts';
import { temporaryFolder } from './test-support.ts';

function listen(t: TestContext, path: string): Promise<void> {
  const server = createServer();
  t.after(() => server.close());
  return new Promise((resolve) => {
    server.listen(path, resolve);
  });
}

test('the usual ones, and those of the environment where they are on this host', () => {
  assert.deepEqual(usualSockets({}), ['/var/run/docker.sock', '/run/podman/podman.sock']);
  assert.deepEqual(
    usualSockets({ DOCKER_HOST: 'unix:///run/user/1/docker.sock', XDG_RUNTIME_DIR: '/run/user/1' }),
    [
      '/run/user/1/docker.sock',
      '/var/run/docker.sock',
      '/run/podman/podman.sock',
      '/run/user/1/podman/podman.sock',
    ],
  );
  assert.equal(usualSockets({ DOCKER_HOST: 'tcp://10.0.0.1:2376', XDG_RUNTIME_DIR: '' }).length, 2);
});

test('paths are taken with and without a scheme, and nothing else is', () => {
  assert.deepEqual(parseSockets(['/run/a.sock', '', 'unix:///run/b.sock']), ['/run/a.sock', '/run/b.sock']);
  for (const bad of ['a.sock', 'tcp://localhost:2375', 'unix://a.sock']) {
    assert.throws(() => parseSockets([bad]), OptionError);
  }
  assert.throws(() => parseSockets(Array.from({ length: 9 }, (_, i) => `/${i}`)), /at most 8/);
});

test('of paths, those that are sockets, each once', async (t) => {
  const folder = temporaryFolder(t);
  const podman = join(folder, 'podman.sock');
  await listen(t, podman);
  symlinkSync(podman, join(folder, 'docker.sock'));
  writeFileSync(join(folder, 'file'), '');
  const paths = ['docker.sock', 'podman.sock', 'file', 'none', 'file/below'].map((name) =>
    join(folder, name),
  );
  assert.deepEqual(socketsAmong(paths), [podman]);
});

test('a socket that comes later is found, and one that was asked for needs no finding', async (t) => {
  const path = join(temporaryFolder(t), 'later.sock');
  let ms = 0;
  const usual = createSocketFinder([], [path], () => ms);
  assert.deepEqual(usual(), []);
  await listen(t, path);
  ms = 29_999;
  assert.deepEqual(usual(), []);
  ms = 30_000;
  assert.deepEqual(usual(), [path]);
  assert.deepEqual(createSocketFinder(['/run/none.sock'], [path], () => ms)(), ['/run/none.sock']);
});
