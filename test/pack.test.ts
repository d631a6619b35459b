/** What `npm pack` makes of the packages is all that is needed, and no more: installed elsewhere, both commands run. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { Child } from './support/child.ts';
import { LONG } from './support/durations.ts';
import { eventually } from './support/eventually.ts';
import { readExposition } from './support/exposition.ts';
import { envWithNode, installPacked, PACKAGES, packAll } from './support/packed.ts';
import { isCi } from './support/peers.ts';
import { LISTENING, REPOSITORY } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

const TEST_MS_MAX = 300_000;
/** What only the tests, or only this repository, have a use for. */
const NOT_SHIPPED =
  /\.test\.|test-support|test-child|-contract\.|fixtures|^src\/|\.map$|tsbuildinfo|tsconfig/;
const NEEDED = {
  shared: ['dist/frames.js', 'dist/frames.d.ts', 'dist/report-registry.d.ts'],
  program: ['dist/lifecycle.js', 'dist/lifecycle.d.ts'],
  gateway: [
    'bin/tributary-gateway.js',
    'dist/main.js',
    'dist/ledger/sqlite/worker.js',
    'gateway.schema.json',
  ],
  reporter: [
    'bin/tributary-reporter.js',
    'dist/main.js',
    'dist/collectors/system-child/child.js',
    'reporter.schema.json',
  ],
} as const;

test('each package has a README and the license, which is the one of all', () => {
  const license = readFileSync(join(REPOSITORY, 'LICENSE'), 'utf8');
  for (const name of PACKAGES) {
    const read = (file: string) => readFileSync(join(REPOSITORY, 'packages', name, file), 'utf8');
    assert.equal(read('LICENSE'), license);
    assert.match(read('README.md'), new RegExp(`^# @tributary/${name}\n`));
  }
});

test('packed, installed in an empty folder and started: a host in /metrics', {
  skip: isCi() || LONG ? false : 'installs packages from the registry: set CI=true or TRIBUTARY_LONG=1',
  timeout: TEST_MS_MAX,
}, async (t) => {
  const folder = await tempDir(t);
  const packed = await packAll(join(folder, 'tarballs'));
  for (const { name, entries } of packed) {
    const listed = entries.join('\n');
    assert.deepEqual(
      entries.filter((path) => NOT_SHIPPED.test(path)),
      [],
      name,
    );
    for (const path of ['README.md', 'LICENSE', 'package.json', ...NEEDED[name]])
      assert.ok(entries.includes(path), `${name} has no ${path}:\n${listed}`);
  }
  const commands = await installPacked(packed, join(folder, 'elsewhere'));
  for (const name of ['gateway', 'reporter'] as const) {
    const command = join(commands, `tributary-${name}`);
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'packages', name, 'package.json'), 'utf8'));
    assert.ok((await say(t, command, '--version')).startsWith(`tributary-${name} ${version} `));
    assert.match(await say(t, command, '--help'), /--config\.file FILE/);
  }
  await streams(t, commands, folder);
});

/** Both, started as their owner would: the reporter's samples come out at the gateway. */
async function streams(t: TestContext, commands: string, folder: string): Promise<void> {
  await using gateway = await Child.spawn(t, {
    name: 'tributary-gateway',
    command: join(commands, 'tributary-gateway'),
    args: ['--web.listen-address', '127.0.0.1:0', '--storage.path', join(folder, 'gateway')],
    cwd: folder,
    env: envWithNode(),
  });
  const [, url = ''] = await gateway.line('stdout', LISTENING);
  await using _reporter = await Child.spawn(t, {
    name: 'tributary-reporter',
    command: join(commands, 'tributary-reporter'),
    args: [
      ...['--gateway.url', url.replace(/^http/, 'ws'), '--host', 'packed', '--interval', '1s'],
      ...['--spool.path', join(folder, 'reporter')],
    ],
    cwd: folder,
    env: envWithNode(),
  });
  await eventually('a metric of the host', async () => {
    const { samples } = readExposition(await (await fetch(`${url}/metrics`)).text());
    return samples.some(({ name, labels }) => name === 'node_load1' && labels['host'] === 'packed');
  });
}

/** What a command prints, which has to be the only thing that it does. */
async function say(t: TestContext, command: string, flag: string): Promise<string> {
  await using child = await Child.spawn(t, { name: command, command, args: [flag], env: envWithNode() });
  assert.deepEqual(await child.exited, { code: 0, signal: null }, child.describe());
  return child.lines('stdout').join('\n');
}
