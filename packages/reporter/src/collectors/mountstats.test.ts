import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMountStatsCollector, parseMountAddresses, parseMountStats } from './mountstats.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const mount = (device: string, xprt: string) =>
  `device ${device} mounted on /mnt/${device} with fstype nfs statvers=1.1\n` +
  `\topts:\trw,vers=3\n\tage:\t60\n\tbytes:\t1 2 3 4 5 6 7 8\n\txprt:\t${xprt}\n\tper-op statistics\n\t        READ: 9 9 0 1 2 6 7 8\n\n`;

test('takes the numbers of NFS mounts, and no others', () => {
  const text = `device sysfs mounted on /sys with fstype sysfs\n${mount('nas:/a', 'tcp 832 0 1')}`;
  assert.deepEqual(parseMountStats(text), [
    {
      device: 'nas:/a',
      index: 1,
      ageSeconds: 60,
      bytes: [1, 2, 3, 4, 5, 6, 7, 8],
      events: [],
      transports: [{ protocol: 'tcp', numbers: [832, 0, 1] }],
      operations: new Map([['READ', [9, 9, 0, 1, 2, 6, 7, 8]]]),
    },
  ]);
});

test('udp counts no connections, and what rdma counts of its own is not told', () => {
  const [udp] = parseMountStats(mount('a', 'udp 832 1 10 11 12 13 14'));
  assert.deepEqual(udp?.transports[0]?.numbers, [832, 1, 0, 0, 0, 10, 11, 12, 13, 14]);
  const [rdma] = parseMountStats(mount('a', 'rdma 0 1 2 3 4 5 6 7 8 9 99 98 97'));
  assert.deepEqual(rdma?.transports[0]?.numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('garbage is an error', () => {
  assert.throws(() => parseMountStats('device what is this\n'), /expected "device … mounted on …/);
  assert.throws(() => parseMountStats(mount('a', 'tcp x')), /x is no number/);
});

test('the address of a server is among the options of its mount', () => {
  const text =
    '22 21 0:20 / /sys rw shared:7 - sysfs sysfs rw\n90 21 0:48 / /d rw - nfs4 nas:/d rw,vers=4.0,addr=192.0.2.1\n';
  assert.deepEqual(parseMountAddresses(text), ['', '192.0.2.1']);
});

test('tells an export once, however often it is mounted', async (t) => {
  const line = (device: string) => `1 0 0:1 / / rw - nfs ${device} rw,addr=192.0.2.1\n`;
  const roots = temporaryRoots(t, {
    'proc/self/mountstats': mount('nas:/a', 'tcp 1 2 3') + mount('nas:/a', 'tcp 1 2 3'),
    'proc/self/mountinfo': line('nas:/a') + line('nas:/a'),
  });
  const text = await renderOnce(createMountStatsCollector(roots));
  const labels = 'export="nas:/a",protocol="tcp",mountaddr="192.0.2.1"';
  assert.deepEqual(samplesOf(text, 'node_mountstats_nfs_age_seconds_total'), [`{${labels}} 60`]);
  assert.deepEqual(samplesOf(text, 'node_mountstats_nfs_operations_queue_time_seconds_total'), [
    `{${labels},operation="READ"} 0.006`,
  ]);
});

test('several connections of a mount are told apart', async (t) => {
  const xprt = 'tcp 1 2 3 0 5 6 7 8 0 10 11 12 13\n\txprt:\ttcp 1 20 30 0 5 6 7 8 0 10 11 12 13';
  const roots = temporaryRoots(t, {
    'proc/self/mountstats': mount('a', xprt),
    'proc/self/mountinfo': '1 0 0:1 / / rw - nfs a rw\n',
  });
  const text = await renderOnce(createMountStatsCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_mountstats_nfs_transport_bind_total'), [
    '{export="a",protocol="tcp",transport="0"} 2',
    '{export="a",protocol="tcp",transport="1"} 20',
  ]);
});

test('a host without NFS mounts tells nothing', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/self/mountstats': 'device sysfs mounted on /sys with fstype sysfs\n',
  });
  assert.equal(await renderOnce(createMountStatsCollector(roots)), '');
  assert.notEqual(await renderOnce(createMountStatsCollector(FIXTURE_ROOTS)), '');
});
