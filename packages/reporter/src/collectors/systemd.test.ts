import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createSystemdCollector } from './systemd.ts';
import { parseShow } from './systemd-show.ts';
import { renderOnce, samplesOf } from './test-support.ts';

const MANAGER = 'Version=252.39-1~deb12u1\nVirtualization=\nSystemState=running\n';

/** Blocks of units as `systemctl show` writes them. */
function unitsText(...units: Readonly<Record<string, string>>[]): string {
  return units
    .map((unit) => Object.entries({ LoadState: 'loaded', ...unit }))
    .map((pairs) => pairs.map(([name, value]) => `${name}=${value}\n`).join(''))
    .join('\n');
}

const UNITS = unitsText(
  {
    Id: 'ssh.service',
    ActiveState: 'active',
    Type: 'notify',
    NRestarts: '2',
    TasksCurrent: '1',
    TasksMax: 'infinity',
    ActiveEnterTimestamp: '@1772000000',
  },
  { Id: 'gone.service', ActiveState: 'inactive', LoadState: 'not-found' },
  { Id: 'apt.timer', ActiveState: 'active', LastTriggerUSec: '@1771000000' },
  { Id: 'new.timer', ActiveState: 'active', LastTriggerUSec: 'n/a' },
  { Id: 'cups.socket', ActiveState: 'active', NAccepted: '3', NConnections: '1', NRefused: '0' },
  { Id: 'dev-sda.device', ActiveState: 'active' },
);

const OPTIONS = {
  'unit-include': null,
  'unit-exclude': /^(?:.+\.device)$/,
  'enable-task-metrics': false,
  'enable-restarts-metrics': false,
  'enable-start-time-metrics': false,
};

const run = (units: string) => (args: readonly string[]) =>
  Promise.resolve(args.includes('*') ? units : MANAGER);

test('parses blocks of properties, whose values may hold anything', () => {
  assert.deepEqual(
    parseShow('\nA=b=c\nD=\n\nA=2\n').map((block) => [...block]),
    [
      [
        ['A', 'b=c'],
        ['D', ''],
      ],
      [['A', '2']],
    ],
  );
});

test('tells the manager, the sum of states and the units that are chosen', async () => {
  const text = await renderOnce(createSystemdCollector(OPTIONS, run(UNITS)));
  assert.deepEqual(samplesOf(text, 'node_systemd_version'), ['{version="252.39-1~deb12u1"} 252.39']);
  assert.deepEqual(samplesOf(text, 'node_systemd_virtualization_info'), ['{virtualization_type="none"} 1']);
  assert.deepEqual(samplesOf(text, 'node_systemd_system_running'), ['1']);
  assert.deepEqual(samplesOf(text, 'node_systemd_units').slice(0, 1), ['{state="active"} 5']);
  const states = samplesOf(text, 'node_systemd_unit_state');
  assert.equal(states.length, 4 * 5);
  assert.equal(states[0], '{name="ssh.service",state="active",type="notify"} 1');
  assert.deepEqual(samplesOf(text, 'node_systemd_timer_last_trigger_seconds'), [
    '{name="apt.timer"} 1771000000',
    '{name="new.timer"} 0',
  ]);
  assert.deepEqual(samplesOf(text, 'node_systemd_socket_accepted_connections_total'), [
    '{name="cups.socket"} 3',
  ]);
  assert.doesNotMatch(text, /restart|tasks|start_time|gone|device/);
});

test('tells more when asked to', async () => {
  const more = {
    ...OPTIONS,
    'unit-include': /^(?:ssh\..*)$/,
    'enable-task-metrics': true,
    'enable-restarts-metrics': true,
    'enable-start-time-metrics': true,
  };
  const text = await renderOnce(createSystemdCollector(more, run(UNITS)));
  assert.deepEqual(samplesOf(text, 'node_systemd_service_restart_total'), ['{name="ssh.service"} 2']);
  assert.deepEqual(samplesOf(text, 'node_systemd_unit_tasks_current'), ['{name="ssh.service"} 1']);
  assert.deepEqual(samplesOf(text, 'node_systemd_unit_start_time_seconds'), [
    '{name="ssh.service"} 1772000000',
  ]);
  assert.doesNotMatch(text, /tasks_max|timer/);
});

test('a tick tells what the child before found, and does not wait for its own', async () => {
  let units = UNITS;
  let children = 0;
  let release = () => {};
  let gate: Promise<void> = Promise.resolve();
  const collector = createSystemdCollector(OPTIONS, async (args) => {
    if (args.includes('*')) children++;
    await gate;
    return run(units)(args);
  });
  await renderOnce(collector);
  gate = new Promise((resolve) => {
    release = resolve;
  });
  units = unitsText({ Id: 'ssh.service', ActiveState: 'failed' });
  const active = '{name="ssh.service",state="active",type="notify"} 1';
  assert.equal(samplesOf(await renderOnce(collector), 'node_systemd_unit_state')[0], active);
  assert.equal(samplesOf(await renderOnce(collector), 'node_systemd_unit_state')[0], active);
  assert.equal(children, 2);
  release();
  for (let i = 0; i < 10; i++) await setImmediate();
  const failed = '{name="ssh.service",state="failed"} 1';
  assert.ok(samplesOf(await renderOnce(collector), 'node_systemd_unit_state').includes(failed));
});

test('where systemd does not answer the collector fails, until it does', async () => {
  let fails = true;
  const collector = createSystemdCollector(OPTIONS, (args) =>
    fails ? Promise.reject(new Error('no bus')) : run(UNITS)(args),
  );
  await assert.rejects(async () => renderOnce(collector), /systemctl: no bus/);
  fails = false;
  await assert.rejects(async () => renderOnce(collector), /systemctl: no bus/);
  for (let i = 0; i < 10; i++) await setImmediate();
  assert.match(await renderOnce(collector), /node_systemd_unit_state/);
});
