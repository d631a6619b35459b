import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ColumnWriter, PartialDataError } from '../collector.ts';
import { ColumnRecorder } from '../columns.ts';
import { renderOnce, samplesOf } from '../test-support.ts';
import { createBootTimeCollector } from './boottime.ts';
import { modesOf } from './cpu.ts';
import { mountsOf, questionOf } from './filesystem.ts';
import { createSystemMeminfoCollector, windowsSwap } from './meminfo.ts';
import { countersOfPackage, createSystemNetdevCollector } from './netdev.ts';
import { splitHostName } from './uname.ts';
import { windowsRelease } from './windows-os.ts';

const SIGNAL = new AbortController().signal;

test('a second of a CPU is in one mode only: Windows counts interrupts as time of the system too', () => {
  const times = { user: 1000, nice: 0, sys: 700, idle: 5000, irq: 200 };
  assert.deepEqual(modesOf(times, 'win32'), [
    ['user', 1],
    ['system', 0.5],
    ['idle', 5],
    ['interrupt', 0.2],
  ]);
  assert.deepEqual(Object.fromEntries(modesOf(times, 'freebsd'))['system'], 0.7);
});

test('a host name is split at its first dot', () => {
  assert.deepEqual(splitHostName('mac'), { nodename: 'mac', domainname: '(none)' });
  assert.deepEqual(splitHostName('mac.lan.example'), { nodename: 'mac', domainname: 'lan.example' });
});

test('the release of Windows', () => {
  const release = windowsRelease('Windows 11 Pro', '10.0.22631');
  assert.equal(release.get('VERSION_ID'), '10.0');
  assert.equal(release.get('BUILD_ID'), '22631');
  assert.equal(release.get('PRETTY_NAME'), 'Windows 11 Pro');
});

test('the boot stays where it is while the uptime is rounded, and moves with a clock that is set', async () => {
  let nowMs = 1_000_000_400;
  let uptime = 500;
  const collector = createBootTimeCollector(
    () => nowMs,
    () => uptime,
  );
  const told = async () => Number(samplesOf(await renderOnce(collector), 'node_boot_time_seconds')[0]);
  assert.equal(await told(), 999_500);
  nowMs += 10_900;
  uptime += 10;
  assert.equal(await told(), 999_500);
  nowMs += 3_600_000;
  assert.equal(await told(), 999_500 + 3_601);
});

test("mounts: the package's answer is taken apart with care", () => {
  assert.deepEqual(mountsOf(null, 'darwin'), []);
  assert.deepEqual(mountsOf([null, 5, { fs: '/dev/a' }, { mount: '/' }], 'darwin'), []);
  const twice = { fs: '/dev/a', type: 'ufs', mount: '/', rw: null };
  assert.deepEqual(mountsOf([twice, twice], 'freebsd'), [
    { device: '/dev/a', mountPoint: '/', fsType: 'ufs', readOnly: null },
  ]);
  const [automatic] = mountsOf([{ fs: 'map -hosts', type: 'autofs', mount: '/net', rw: false }], 'darwin');
  assert.equal(automatic?.readOnly, null, 'the package looks at paths only there');
});

test('what may hang is told from what does not', () => {
  const mount = {
    device: '//user@server/share',
    mountPoint: '/Volumes/share',
    fsType: 'smbfs',
    readOnly: null,
  };
  assert.equal(questionOf(mount, 'darwin', 'C:').remote, true);
  assert.equal(questionOf({ ...mount, device: '/dev/disk1', fsType: 'apfs' }, 'darwin', 'C:').remote, false);
  assert.deepEqual(questionOf({ ...mount, mountPoint: 'D:' }, 'win32', 'C:'), { path: 'D:\\', remote: true });
  assert.equal(questionOf({ ...mount, mountPoint: 'C:' }, 'win32', 'C:').remote, false);
});

test('network counters: bad ones are left out, and an interface without any', () => {
  assert.equal(countersOfPackage('nonsense').size, 0);
  const devices = countersOfPackage([
    { iface: 'a', rx_bytes: 5, tx_bytes: null, rx_errors: -1, tx_errors: Number.NaN },
    { iface: 'a', rx_bytes: 9 },
    { iface: 'b', rx_bytes: 0, tx_bytes: 0 },
    { iface: 7, rx_bytes: 1 },
  ]);
  assert.deepEqual([...devices.keys()], ['a']);
  assert.deepEqual([...(devices.get('a') ?? [])], [['receive_bytes', 5]]);
});

test('each answer about the network is told once, at the time at which it came, or not at all', async () => {
  const value = new Map([['en0', new Map([['receive_bytes', 5]])]]);
  const readings = [
    { value, id: 1, ageMs: 0 },
    { value, id: 1, ageMs: 10_000 },
    { value, id: 2, ageMs: 9_900 },
    { value, id: 3, ageMs: null },
    { value, id: 4, ageMs: 9_800 },
  ];
  const collector = createSystemNetdevCollector(
    () => Promise.resolve(readings.shift() ?? assert.fail('asked too often')),
    () => true,
  );
  const recorder = new ColumnRecorder({});
  const told = [];
  for (let i = 0; i < 5; i++) {
    await collector.collect(recorder, SIGNAL);
    told.push(recorder.take());
  }
  assert.deepEqual(
    told.map((column) => (column === null ? null : (column.ageMs ?? 0))),
    [0, null, 9_900, null, 9_800],
  );
  assert.equal(told[4]?.shape, told[0]?.shape);
});

test('memory: total and free are told where the rest cannot be had, and the failure too', async () => {
  const collector = createSystemMeminfoCollector('win32', () => Promise.reject(new Error('no PowerShell')));
  const recorder = new ColumnRecorder({});
  const out: ColumnWriter = recorder;
  await assert.rejects(
    async () => collector.collect(out, SIGNAL),
    (error: Error) => {
      assert.ok(error instanceof PartialDataError);
      assert.match(error.message, /no PowerShell/);
      return true;
    },
  );
  assert.deepEqual(
    recorder.take()?.shape.families.map(({ name }) => name),
    ['node_memory_MemTotal_bytes', 'node_memory_MemAvailable_bytes'],
  );
  assert.throws(() => windowsSwap({ swaptotal: 'much' }), /no swap/);
});
