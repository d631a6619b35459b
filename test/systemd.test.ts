/**
 * The services of systemd as far as they can be had without it: its own checker takes the units, and a socket in its place hears
 * from both programs what it would.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { Child } from './support/child.ts';
import { eventually } from './support/eventually.ts';
import { Gateway, REPOSITORY, Reporter, runToEnd } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

const run = promisify(execFile);
const UNITS = ['tributary-gateway', 'tributary-reporter'];

/** In CI what is missing makes the test fail. */
const without = (path: string) =>
  existsSync(path) || process.env['CI'] === 'true' ? false : `${path} is not there`;

test("systemd's own checker takes the units", { skip: without('/usr/bin/systemd-analyze') }, async (t) => {
  const folder = await tempDir(t);
  for (const name of UNITS) {
    const file = join(folder, `${name}.service`);
    await copyFile(join(REPOSITORY, 'deploy/systemd', `${name}.service`), file);
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--recursive-errors=no', file]);
    assert.equal(stdout + stderr, '', name);
    const { stdout: rating } = await run('systemd-analyze', [
      'security',
      '--offline=true',
      '--no-pager',
      file,
    ]);
    const [, exposure = '10'] = /Overall exposure level for \S+: ([\d.]+)/.exec(rating) ?? [];
    assert.ok(Number(exposure) < 3, `${name}: ${exposure}`);
  }
});

test("systemd's own checker takes what is awkward, too", {
  skip: without('/usr/bin/systemd-analyze'),
}, async (t) => {
  const root = await tempDir(t);
  const flags = [
    '--gateway.token-file=/etc/tributary/10% token',
    '--label',
    'a=$HOME "x\\y" %n ; {b}',
    '--root',
    root,
  ];
  const { code, stderr } = await runToEnd(t, 'reporter', ['install-service', ...flags]);
  assert.equal(code, 0, stderr.join('\n'));
  const file = join(root, 'etc/systemd/system/tributary-reporter.service');
  const found = await run('systemd-analyze', ['verify', '--recursive-errors=no', file]);
  assert.equal(found.stdout + found.stderr, '');
});

test('the unit in deploy/ is what install-service makes', async (t) => {
  const root = await tempDir(t);
  const flags = ['--config.file=/dev/null', '--root', root];
  const { code, stdout, stderr } = await runToEnd(t, 'reporter', ['install-service', ...flags]);
  assert.equal(code, 0, stderr.join('\n'));
  const made = await readFile(join(root, 'etc/systemd/system/tributary-reporter.service'), 'utf8');
  const shipped = await readFile(join(REPOSITORY, 'deploy/systemd/tributary-reporter.service'), 'utf8');
  const withoutStart = (text: string) => text.split('\n').filter((line) => !line.startsWith('ExecStart='));
  assert.deepEqual(withoutStart(made), withoutStart(shipped));
  assert.match(stdout.join('\n'), /wrote /);
});

/** Writes what it is told, line by line, and so does in Python what Node has no sockets for. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(s, 4096, 8)
    for fd in fds:
        socket.socket(fileno=fd).close() if False else __import__("os").close(fd)
    for line in data.decode().splitlines():
        print(line, flush=True)
`;

async function hear(t: TestContext): Promise<{ path: string; lines: () => readonly string[] }> {
  const folder = await tempDir(t);
  const [path, script] = [join(folder, 'notify'), join(folder, 'listen.py')];
  await writeFile(script, LISTENER);
  const child = await Child.spawn(t, {
    name: 'notify',
    command: '/usr/bin/python3',
    args: [script, path],
    cwd: folder,
  });
  await child.line('stdout', /^listening$/);
  return { path, lines: () => child.lines('stdout').slice(1) };
}

test('both programs tell systemd that they are ready, alive, and stop', {
  skip: without('/usr/bin/systemd-notify'),
}, async (t) => {
  const [ofGateway, ofReporter] = [await hear(t), await hear(t)];
  const env = ({ path }: { path: string }) => ({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '2000000' });
  const gateway = await Gateway.start(t, { env: env(ofGateway) });
  const reporter = await Reporter.start(t, {
    gatewayUrl: gateway.streamUrl,
    host: 'web-1',
    env: env(ofReporter),
  });
  for (const [heard, program] of [
    [ofGateway, gateway],
    [ofReporter, reporter],
  ] as const) {
    await eventually('it is ready and alive', () =>
      ['READY=1', 'WATCHDOG=1'].every((line) => heard.lines().includes(line)),
    );
    assert.equal(heard.lines()[0], 'READY=1');
    await program.kill('SIGTERM');
    await eventually('it told that it stops', () => heard.lines().includes('STOPPING=1'));
  }
});
