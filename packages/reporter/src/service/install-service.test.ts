import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OPTION_SPECS, readOrigins } from '../config.ts';
import { installService, refuseClosed, serviceUnit, uninstallService } from './install-service.ts';

const PROGRAM = ['/usr/bin/env', 'tributary-reporter'];

const unitOf = (argv: readonly string[], env: Record<string, string> = {}) =>
  serviceUnit({ origins: readOrigins(argv, env, null), specs: OPTION_SPECS, program: PROGRAM });

const lineOf = (unit: string, key: string) =>
  unit
    .split('\n')
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1));

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'service-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('is started with what the command line and the environment say, and nothing else', () => {
  const unit = unitOf(
    ['--gateway.url=wss://gw.example/v1/stream', '--label', 'a=b c', '--label=d=5%', '--no-collector.cpu'],
    { TRIBUTARY_REPORTER_INTERVAL: '30s', HOME: '/root' },
  );
  assert.deepEqual(lineOf(unit, 'ExecStart'), [
    '/usr/bin/env tributary-reporter --gateway.url=wss://gw.example/v1/stream --interval=30s "--label=a=b c" --label=d=5%% --spool.path=/var/lib/tributary-reporter --no-collector.cpu',
  ]);
});

test('relative files are those of where it was typed', () => {
  const [start = ''] = lineOf(unitOf(['--config.file', 'reporter.yml']), 'ExecStart');
  assert.ok(start.includes(` --config.file=${resolve('reporter.yml')} `), start);
});

test('secrets in files are handed over by systemd, for its user cannot read them', () => {
  const unit = unitOf([
    '--gateway.url=wss://gw.example/v1/stream',
    '--gateway.token-file=/etc/tributary/10% token',
    '--gateway.tls.cert-file=/etc/tributary/c.pem',
    '--gateway.tls.key-file=/etc/tributary/k.pem',
  ]);
  assert.deepEqual(lineOf(unit, 'LoadCredential'), [
    'gateway-token:/etc/tributary/10%% token',
    'gateway-tls-key:/etc/tributary/k.pem',
  ]);
  const [start = ''] = lineOf(unit, 'ExecStart');
  assert.ok(
    start.endsWith(' --gateway.token-file=%d/gateway-token --gateway.tls.key-file=%d/gateway-tls-key'),
    start,
  );
  assert.ok(start.includes(' --gateway.tls.cert-file=/etc/tributary/c.pem '), start);
});

test('what a shell or systemd would make something of is kept as it is', () => {
  const [start = ''] = lineOf(unitOf(['--label', 'a=$HOME "x\\y" %n ;']), 'ExecStart');
  assert.ok(start.includes(' "--label=a=$$HOME \\"x\\\\y\\" %%n ;" '), start);
});

test('a spool of its own cannot be', () => {
  assert.throws(
    () => unitOf(['--spool.path=/srv/x']),
    /the spool of the service is \/var\/lib\/tributary-reporter/,
  );
});

test('what only its owner can reach is refused', (t) => {
  const folder = folderOf(t);
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'home'), { mode: 0o700 });
  const script = join(folder, 'home', 'main.js');
  writeFileSync(script, '');
  assert.throws(() => refuseClosed(script, 'move it'), /since .*home is closed to others; move it/);
  chmodSync(join(folder, 'home'), 0o755);
  refuseClosed(script, 'move it');
  chmodSync(script, 0o600);
  assert.throws(() => refuseClosed(script, 'move it'), /since .*main\.js is closed to others/);
});

test('what cannot stand in a unit, or should not, is refused', () => {
  assert.throws(
    () => unitOf(['--label', 'a=x\nExecStartPre=/bin/evil']),
    /a control character cannot stand in a unit/,
  );
  for (const url of ['wss://gw.example/v1/stream?token=hush', 'wss://me:hush@gw.example/v1/stream'])
    assert.throws(
      () => unitOf(['--gateway.url', url]),
      (error: Error) => {
        assert.match(error.message, /--gateway\.url would stand in the unit|must not carry credentials/);
        assert.doesNotMatch(error.message, /hush/);
        return true;
      },
    );
});

test('what looks like a credential of systemd is no such thing', () => {
  const [start = ''] = lineOf(unitOf(['--label', 'a=p=%d/x=%d/y']), 'ExecStart');
  assert.ok(start.includes(' --label=a=p=%%d/x=%%d/y '), start);
});

test('a unit is written, replaced and removed beneath another root', async (t) => {
  const root = folderOf(t);
  const said: string[] = [];
  const target = { root, isRoot: false, say: (line: string) => void said.push(line) };
  const install = async (...argv: readonly string[]) =>
    await installService({
      origins: readOrigins(argv, {}, null),
      specs: OPTION_SPECS,
      program: PROGRAM,
      target,
    });
  const file = join(root, 'etc/systemd/system/tributary-reporter.service');
  await install();
  await install();
  await install('--interval=5s');
  assert.match(readFileSync(file, 'utf8'), /--interval=5s/);
  await uninstallService(target);
  assert.equal(existsSync(file), false);
  await assert.rejects(uninstallService(target), /is not installed/);
  assert.deepEqual(said, [
    `wrote ${file}`,
    `unchanged: ${file}`,
    `replaced ${file}`,
    `removed ${file}; samples that wait, and the host's token, stay in /var/lib/tributary-reporter`,
  ]);
});

test('on this machine only root can, where systemd runs', async () => {
  const target = { root: '', isRoot: false, say: () => {} };
  await assert.rejects(uninstallService(target), /systemd does not run here|only root can/);
});
