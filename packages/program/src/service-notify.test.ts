import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ServiceNotify } from './service-notify.ts';

/** In place of systemd-notify: writes down what it is told, and by which environment. */
function notary(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'notify-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [command, out] = [join(folder, 'notary'), join(folder, 'out')];
  writeFileSync(
    command,
    `#!/bin/sh\nprintf '%s %s %s\\n' "$1" "$NOTIFY_SOCKET" "\${SECRET-none}" >> ${out}\n`,
  );
  chmodSync(command, 0o755);
  return { command, told: () => (existsSync(out) ? readFileSync(out, 'utf8').trimEnd().split('\n') : []) };
}

const fails = (error: Error) => assert.fail(error);

test('is silent where nobody wants to know', async (t) => {
  const { command, told } = notary(t);
  const service = new ServiceNotify({ env: { WATCHDOG_USEC: '1000' }, pid: 1, command, onFault: fails });
  service.ready();
  service.stopping();
  await service.told();
  assert.deepEqual(told(), []);
});

test('tells in order, feeds the watchdog, and gives away no secret', async (t) => {
  const { command, told } = notary(t);
  const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '200000', WATCHDOG_PID: '7', SECRET: 'hush' };
  const service = new ServiceNotify({ env, pid: 7, command, onFault: fails });
  service.ready();
  while (told().length < 3) await delay(10);
  service.stopping();
  await service.told();
  const lines = told();
  assert.equal(lines[0], 'READY=1 /run/x none');
  assert.equal(lines[1], 'WATCHDOG=1 /run/x none');
  assert.equal(lines.at(-1), 'STOPPING=1 /run/x none');
  await delay(150);
  assert.equal(told().length, lines.length);
});

test("a watchdog of another process is not this one's", async (t) => {
  const { command, told } = notary(t);
  const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '20000', WATCHDOG_PID: '8' };
  const service = new ServiceNotify({ env, pid: 7, command, onFault: fails });
  service.ready();
  await delay(100);
  assert.deepEqual(told(), ['READY=1 /run/x none']);
});

test('says once that it cannot tell', async () => {
  const faults: string[] = [];
  const onFault = (error: Error) => void faults.push(error.message);
  const env = { NOTIFY_SOCKET: '/run/x' };
  const service = new ServiceNotify({ env, pid: 7, command: '/nonexistent/notify', onFault });
  service.ready();
  service.stopping();
  await service.told();
  assert.equal(faults.length, 1);
  assert.match(faults[0] ?? '', /ENOENT/);
});

test('what failed is tried once more, and a later fault is told again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'notify-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const command = join(folder, 'notary');
  // Fails each second time.
  writeFileSync(command, `#!/bin/sh\necho >> ${folder}/out\n[ $(($(wc -l < ${folder}/out) % 2)) = 0 ]\n`);
  chmodSync(command, 0o755);
  const service = new ServiceNotify({ env: { NOTIFY_SOCKET: '/run/x' }, pid: 7, command, onFault: fails });
  service.ready();
  service.stopping();
  await service.told();
  assert.equal(readFileSync(join(folder, 'out'), 'utf8').length, 4);
});
