import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { adminState, createNetclassCollector } from './netclass.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const BASE = 'sys/class/net';

test('the administrator’s switch is one bit of the flags', () => {
  assert.equal(adminState(0x1003), 'up');
  assert.equal(adminState(0x1002), 'down');
  assert.equal(adminState(null), 'unknown');
});

test('tells what a device has, in the units of the names, and no family of what none has', async (t) => {
  const roots = temporaryRoots(t, {
    [`${BASE}/eth0/operstate`]: 'up\n',
    [`${BASE}/eth0/flags`]: '0x1303\n',
    [`${BASE}/eth0/dev_id`]: '0x20\n',
    [`${BASE}/eth0/speed`]: '10000\n',
    [`${BASE}/eth0/duplex`]: 'full\n',
    [`${BASE}/eth0/carrier_changes`]: '2\n',
    [`${BASE}/wlan0/operstate`]: 'down\n',
    [`${BASE}/wlan0/speed`]: '-1\n',
    // No device, but a file of the bonding driver.
    [`${BASE}/bonding_masters`]: '\n',
  });
  const text = await renderOnce(createNetclassCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_network_up'), ['{device="eth0"} 1', '{device="wlan0"} 0']);
  assert.deepEqual(samplesOf(text, 'node_network_info'), [
    '{device="eth0",duplex="full",operstate="up",adminstate="up"} 1',
    '{device="wlan0",operstate="down",adminstate="unknown"} 1',
  ]);
  assert.deepEqual(samplesOf(text, 'node_network_device_id'), ['{device="eth0"} 32']);
  assert.deepEqual(samplesOf(text, 'node_network_speed_bytes'), [
    '{device="eth0"} 1250000000',
    '{device="wlan0"} -125000',
  ]);
  assert.match(text, /# TYPE node_network_carrier_changes_total counter/);
  assert.doesNotMatch(text, /node_network_mtu_bytes/);
});

test('devices can be left out, and so can speeds that are unknown', async (t) => {
  const roots = temporaryRoots(t, {
    [`${BASE}/eth0/speed`]: '-1\n',
    [`${BASE}/veth1/speed`]: '10000\n',
  });
  const text = await renderOnce(
    createNetclassCollector(roots, { 'ignored-devices': /^veth/, 'ignore-invalid-speed': true }),
  );
  assert.deepEqual(samplesOf(text, 'node_network_up'), ['{device="eth0"} 0']);
  assert.doesNotMatch(text, /speed/);
});

test('garbage names its file, and a kernel without the class has no data', async (t) => {
  const roots = temporaryRoots(t, { [`${BASE}/eth0/mtu`]: 'large\n' });
  await assert.rejects(
    async () => renderOnce(createNetclassCollector(roots)),
    /eth0\/mtu: "large" is no number/,
  );
  const none = temporaryRoots(t, {});
  await assert.rejects(async () => renderOnce(createNetclassCollector(none)), NoDataError);
});

test('what a device is made with is kept until another takes its name', async (t) => {
  const roots = temporaryRoots(t, {
    [`${BASE}/eth0/ifindex`]: '2\n',
    [`${BASE}/eth0/dev_id`]: '0x0\n',
    [`${BASE}/eth0/mtu`]: '1500\n',
  });
  const collector = createNetclassCollector(roots);
  const told = async () => {
    const text = await renderOnce(collector);
    return ['device_id', 'mtu_bytes'].flatMap((name) => samplesOf(text, `node_network_${name}`));
  };
  const write = (file: string, text: string) => writeFileSync(join(roots.sys, 'class/net/eth0', file), text);
  await told();
  write('dev_id', '0x5\n');
  write('mtu', '9000\n');
  // The only device has its turn in each tick.
  assert.deepEqual(await told(), ['{device="eth0"} 0', '{device="eth0"} 9000']);
  write('ifindex', '3\n');
  assert.deepEqual(await told(), ['{device="eth0"} 5', '{device="eth0"} 9000']);
});

test('what an administrator changes is told when it is the turn of the device', async (t) => {
  const roots = temporaryRoots(t, {
    [`${BASE}/eth0/ifindex`]: '2\n',
    [`${BASE}/eth0/addr_assign_type`]: '1\n',
    [`${BASE}/eth0/link_mode`]: '0\n',
    [`${BASE}/eth0/type`]: '1\n',
  });
  const collector = createNetclassCollector(roots);
  const names = ['address_assign_type', 'iface_link_mode', 'protocol_type'];
  const told = async () => {
    const text = await renderOnce(collector);
    return names.flatMap((name) => samplesOf(text, `node_network_${name}`));
  };
  await told();
  for (const file of ['addr_assign_type', 'link_mode', 'type'])
    writeFileSync(join(roots.sys, 'class/net/eth0', file), '3\n');
  assert.deepEqual(await told(), Array(3).fill('{device="eth0"} 3'));
});

test('of devices those that nothing has happened to take turns', async (t) => {
  const files: Record<string, string> = {};
  const names = Array.from({ length: 40 }, (_, i) => `veth${String(i).padStart(3, '0')}`);
  for (const [i, name] of names.entries()) {
    files[`${BASE}/${name}/ifindex`] = `${i}\n`;
    files[`${BASE}/${name}/flags`] = '0x1003\n';
    files[`${BASE}/${name}/operstate`] = 'up\n';
    files[`${BASE}/${name}/carrier_changes`] = '2\n';
    files[`${BASE}/${name}/mtu`] = '1500\n';
  }
  const roots = temporaryRoots(t, files);
  let ticks = 0;
  const collector = createNetclassCollector(roots, undefined, () => ++ticks * 10_000);
  const tick = async () =>
    samplesOf(await renderOnce(collector), 'node_network_mtu_bytes').map((line) =>
      Number(line.split(' ')[1]),
    );
  assert.deepEqual(
    await tick(),
    names.map(() => 1500),
  );
  for (const name of names) writeFileSync(join(roots.sys, 'class/net', name, 'mtu'), '9000\n');
  // Its carrier went and came: whatever else changed with it is told at once.
  writeFileSync(join(roots.sys, 'class/net', 'veth039', 'carrier_changes'), '4\n');
  const news = async () => (await tick()).filter((mtu) => mtu === 9000).length;
  assert.deepEqual(
    [await news(), await news(), await news(), await news(), await news(), await news()],
    [8, 15, 22, 28, 35, 40],
  );
});
