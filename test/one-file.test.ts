/** The reporter as one executable file runs where there is no Node.js, no npm and nothing else of this repository. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { Child, cleanEnv } from './support/child.ts';
import { eventually } from './support/eventually.ts';
import { readExposition } from './support/exposition.ts';
import { stablePort } from './support/ports.ts';
import { Gateway, REPOSITORY } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';
import { inBareRoot, withoutBareRoot } from './support/without-node.ts';

const BUILD_MS_MAX = 120_000;
const PLATFORM = `${process.platform}-${process.arch}`;
const skip =
  process.platform === 'linux' ? false : `one executable file is built on Linux only, this is ${PLATFORM}`;
/** Nothing that could be found by chance, and a setting of the host that is not meant for it. */
const BARE = { PATH: '/nonexistent', NODE_OPTIONS: '--require=/nonexistent.js' };

async function build(t: TestContext, folder: string): Promise<string> {
  const startedAt = performance.now();
  const script = join(REPOSITORY, 'scripts/build-binary.mjs');
  await promisify(execFile)(process.execPath, [script, folder], { env: cleanEnv(), timeout: BUILD_MS_MAX });
  t.diagnostic(`built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return join(folder, `tributary-reporter-${PLATFORM}`);
}

/** Runs it to its end. */
async function say(t: TestContext, command: string, args: readonly string[], env = BARE) {
  await using child = await Child.spawn(t, { name: command, command, args, env });
  const { code } = await child.exited;
  return { code, stdout: child.lines('stdout').join('\n'), stderr: child.lines('stderr').join('\n') };
}

/** The host is there with samples that were just taken. */
async function isThere(gateway: Gateway, host: string): Promise<void> {
  await eventually(`node_load1 of ${host}`, async () => {
    const { samples } = readExposition((await gateway.metrics()).body);
    return samples.some(({ name, labels }) => name === 'node_load1' && labels['host'] === host);
  });
}

function runArguments(gateway: Gateway, host: string, spool: string): string[] {
  return ['--gateway.url', gateway.streamUrl, '--host', host, '--spool.path', spool, '--interval', '1s'];
}

test('one executable file is the whole reporter', { skip, timeout: BUILD_MS_MAX + 120_000 }, async (t) => {
  const folder = await tempDir(t);
  const reporter = await build(t, folder);

  await t.test('it says its version, and its help is the command’s', async (t) => {
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'packages/reporter/package.json'), 'utf8'));
    const told = await say(t, reporter, ['--version']);
    assert.deepEqual(told, {
      code: 0,
      stdout: `tributary-reporter ${version} (Node.js ${process.version})`,
      stderr: '',
    });
    assert.match((await say(t, reporter, ['--help'])).stdout, /--spool\.path DIR/);
  });

  await t.test('it checks a configuration', async (t) => {
    const file = join(folder, 'reporter.yml');
    writeFileSync(file, 'host: web-1\ninterval: 15\n');
    const wrong = await say(t, reporter, ['check-config', file]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /reporter\.yml:2: /);
    writeFileSync(file, 'host: web-1\ninterval: 15s\n');
    assert.equal((await say(t, reporter, ['check-config', file])).stdout, `${file} is valid`);
  });

  await t.test('it collects, also what it starts itself anew for', async (t) => {
    const { code, stdout, stderr } = await say(t, reporter, ['once', '--collector.inventory']);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.match(stdout, /^node_load1 /m);
    assert.match(stdout, /^node_inventory_part_success\{name="os"\} 1$/m);
    assert.match(stdout, /^node_inventory_os_info\{/m);
  });

  await t.test('it streams, and stops as it should; the addon is kept, and put right', async (t) => {
    await using gateway = await Gateway.start(t);
    const spool = join(folder, 'spool');
    const native = join(spool, 'native');
    const options = {
      name: 'reporter',
      command: reporter,
      args: runArguments(gateway, 'one-file', spool),
      env: BARE,
    };
    await using child = await Child.spawn(t, options);
    await isThere(gateway, 'one-file');
    assert.deepEqual(await child.end('SIGTERM'), { code: 0, signal: null }, child.describe());
    const [file = '', ...others] = readdirSync(native);
    assert.match(file, /^better_sqlite3-[0-9a-f]{16}\.node$/);
    assert.deepEqual(others, []);
    chmodSync(join(native, file), 0o700);
    writeFileSync(join(native, file), 'damaged');
    await using again = await Child.spawn(t, options);
    await again.line('stderr', /"connected"/);
    assert.ok(readFileSync(join(native, file)).length > 1_000_000);
  });

  await t.test('it asks another how it is', async (t) => {
    const address = `127.0.0.1:${await stablePort()}`;
    const env = { ...BARE, TRIBUTARY_REPORTER_WEB_LISTEN_ADDRESS: address };
    const ask = async () => await say(t, reporter, ['health'], env);
    const before = await ask();
    assert.equal(before.code, 1);
    assert.match(before.stdout, /ECONNREFUSED/);
    await using _child = await Child.spawn(t, {
      name: 'reporter',
      command: reporter,
      args: ['--spool.path', join(folder, 'asked'), '--interval', '1s'],
      env,
    });
    await eventually('it is ready, without a gateway', async () => (await ask()).code === 0);
  });

  await t.test(
    'it streams where there is nothing but its libraries, from a spool that is mounted noexec',
    {
      skip: withoutBareRoot(),
    },
    async (t) => {
      await using gateway = await Gateway.start(t);
      const args = runArguments(gateway, 'bare', '/data/spool');
      await using child = await Child.spawn(t, inBareRoot(folder, reporter, args));
      await isThere(gateway, 'bare');
      const [kept = ''] = readdirSync(join(folder, 'root/tmp'));
      assert.match(kept, /^tributary-reporter-\d+$/);
      assert.deepEqual(await child.end('SIGTERM'), { code: 0, signal: null }, child.describe());
    },
  );
});
