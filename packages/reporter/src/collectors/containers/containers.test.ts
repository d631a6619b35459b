/**
 * The collector as a whole: files of control groups in the kernel's formats, written by hand, and a runtime that answers
 * on a real socket. What that does not check is said in test-support.ts.
 */
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeReporterFrame } from '@tributary/shared/decode';
import { encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import { defaultsOf } from '../collector-options.ts';
import { collectOnce, render, renderOnce, samplesOf, unpackRoots } from '../test-support.ts';
import { CONTAINERS_OPTIONS, createContainersCollector } from './containers.ts';
import { createHost, DB, HOST, ID_DB, ID_HOST, ID_WEB, serveRuntime, WEB } from './test-support.ts';

const WEB_LABELS = `image="nginx:1.27",name="shop-web-1",container_label_com_docker_compose_project="shop",container_label_com_docker_compose_service="web"`;
const WEB_V2 = `id="/system.slice/docker-${ID_WEB}.scope",${WEB_LABELS}`;
const DB_V2 = `id="/machine.slice/libpod-${ID_DB}.scope",image="docker.io/library/postgres:17",name="db"`;

/** The value of each family that has one series of these labels, by its name without `container_`. */
function valuesOf(text: string, labels: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [name = '', value] = line.split(`{${labels}} `);
    if (value !== undefined) values[name.replace('container_', '')] = value;
  }
  return values;
}

/** What the first container uses: the same in both versions, but for what only one of them tells. */
const WEB_VALUES = {
  last_seen: '1772000000',
  creation_time_seconds: '1771999000',
  start_time_seconds: '1771999001',
  spec_cpu_period: '100000',
  spec_cpu_quota: '50000',
  spec_memory_limit_bytes: '268435456',
  cpu_cfs_periods_total: '1000',
  cpu_cfs_throttled_periods_total: '25',
  cpu_cfs_throttled_seconds_total: '1.5',
  memory_cache: '25165824',
  memory_rss: '20971520',
  memory_kernel_usage: '2097152',
  memory_mapped_file: '8388608',
  memory_swap: '4096',
  memory_failcnt: '17',
  memory_usage_bytes: '52428800',
  memory_max_usage_bytes: '62914560',
  // 52428800 in use, of which 10485760 are inactive files.
  memory_working_set_bytes: '41943040',
  memory_total_active_file_bytes: '14680064',
  memory_total_inactive_file_bytes: '10485760',
  oom_events_total: '1',
  processes: '3',
  threads: '9',
};

test('version 2: a container of Docker, with a quota', async (t) => {
  const { collector } = await createHost(t, unpackRoots(t, 'containers-v2.txt'), [WEB]);
  const text = await renderOnce(collector);
  assert.deepEqual(valuesOf(text, WEB_V2), {
    ...WEB_VALUES,
    cpu_user_seconds_total: '8',
    cpu_system_seconds_total: '4.345678',
    // 2 + ⌊99 × 262142 / 9999⌋
    spec_cpu_shares: '2597',
    spec_memory_swap_limit_bytes: '268435456',
    spec_memory_reservation_limit_bytes: '0',
    threads_max: '0',
    cpu_cfs_burst_periods_total: '3',
    cpu_cfs_burst_seconds_total: '0.25',
    pressure_cpu_stalled_seconds_total: '1.25',
    pressure_cpu_waiting_seconds_total: '2.5',
    pressure_memory_stalled_seconds_total: '0',
    pressure_memory_waiting_seconds_total: '0.5',
    pressure_io_stalled_seconds_total: '0.7',
    pressure_io_waiting_seconds_total: '0.75',
  });
  assert.deepEqual(samplesOf(text, 'container_cpu_usage_seconds_total'), [
    `{${WEB_V2},cpu="total"} 12.345678`,
  ]);
  assert.deepEqual(samplesOf(text, 'container_memory_failures_total'), [
    `{${WEB_V2},failure_type="pgfault",scope="container"} 54321`,
    `{${WEB_V2},failure_type="pgmajfault",scope="container"} 21`,
    `{${WEB_V2},failure_type="pgfault",scope="hierarchy"} 54321`,
    `{${WEB_V2},failure_type="pgmajfault",scope="hierarchy"} 21`,
  ]);
  assert.deepEqual(samplesOf(text, 'container_scrape_error'), ['0']);
  assert.match(text, /^# TYPE container_cpu_usage_seconds_total counter$/m);
  assert.match(text, /^# HELP container_memory_rss Size of RSS in bytes\.$/m);
});

test('version 2: network and block devices', async (t) => {
  const { collector } = await createHost(t, unpackRoots(t, 'containers-v2.txt'), [WEB]);
  const text = await renderOnce(collector);
  const first = (family: string) =>
    samplesOf(text, `container_${family}`).map((line) => line.replace(`${WEB_V2},`, ''));
  const network = ['receive', 'transmit'].map((direction) =>
    ['bytes', 'packets', 'errors', 'packets_dropped'].map((kind) =>
      first(`network_${direction}_${kind}_total`),
    ),
  );
  const none = '{interface="tunl0"} 0';
  assert.deepEqual(network, [
    [123456, 789, 1, 2].map((value) => [`{interface="eth0"} ${value}`, none]),
    [654321, 987, 3, 4].map((value) => [`{interface="eth0"} ${value}`, none]),
  ]);
  assert.deepEqual(first('fs_reads_bytes_total'), [
    '{device="/dev/sda"} 1048576',
    '{device="/dev/nvme0n1"} 512',
  ]);
  assert.deepEqual(first('fs_reads_total'), ['{device="/dev/sda"} 64', '{device="/dev/nvme0n1"} 1']);
  assert.deepEqual(first('fs_writes_bytes_total'), [
    '{device="/dev/sda"} 2097152',
    '{device="/dev/nvme0n1"} 0',
  ]);
  assert.deepEqual(first('fs_writes_total'), ['{device="/dev/sda"} 128', '{device="/dev/nvme0n1"} 0']);
  assert.deepEqual(first('blkio_device_usage_total').slice(0, 2), [
    '{device="/dev/sda",major="8",minor="0",operation="Read"} 1048576',
    '{device="/dev/sda",major="8",minor="0",operation="Write"} 2097152',
  ]);
});

test('version 2: a container of Podman, whose process is one group deeper, without limits', async (t) => {
  const { collector } = await createHost(t, unpackRoots(t, 'containers-v2.txt'), [DB]);
  const values = valuesOf(await renderOnce(collector), DB_V2);
  assert.deepEqual([values['processes'], values['threads'], values['threads_max']], ['1', '1', '2048']);
  assert.equal(values['spec_memory_limit_bytes'], '0');
  // More inactive files than memory in use: the kernel counts them in batches.
  assert.equal(values['memory_working_set_bytes'], '0');
  for (const absent of ['spec_cpu_quota', 'cpu_cfs_periods_total', 'memory_max_usage_bytes']) {
    assert.equal(values[absent], undefined);
  }
});

test('a container with the host’s network has none of its own, and one without memory control the rest', async (t) => {
  const { collector } = await createHost(t, unpackRoots(t, 'containers-v2.txt'), [HOST]);
  const text = await renderOnce(collector);
  const labels = `id="/docker/${ID_HOST}",image="agent",name="agent"`;
  assert.doesNotMatch(text, /interface=/);
  assert.equal(valuesOf(text, labels)['processes'], '2');
  assert.equal(valuesOf(text, labels)['memory_usage_bytes'], undefined);
});

test('version 1: the same container', async (t) => {
  const { collector } = await createHost(t, unpackRoots(t, 'containers-v1.txt'), [WEB]);
  const text = await renderOnce(collector);
  const labels = `id="/docker/${ID_WEB}",${WEB_LABELS}`;
  assert.deepEqual(valuesOf(text, labels), {
    ...WEB_VALUES,
    cpu_user_seconds_total: '8',
    cpu_system_seconds_total: '4.34',
    spec_cpu_shares: '512',
    spec_memory_swap_limit_bytes: '0',
    spec_memory_reservation_limit_bytes: '0',
    threads_max: '100',
  });
  assert.deepEqual(samplesOf(text, 'container_cpu_usage_seconds_total'), [
    `{${labels},cpu="total"} 12.345678901`,
  ]);
  assert.deepEqual(samplesOf(text, 'container_fs_reads_bytes_total'), [
    `{${labels},device="/dev/sda"} 1048576`,
  ]);
  assert.deepEqual(samplesOf(text, 'container_fs_writes_total'), [`{${labels},device="/dev/sda"} 128`]);
  assert.deepEqual(
    samplesOf(text, 'container_blkio_device_usage_total').map((line) =>
      /operation="(\w+)"\} (\d+)/.exec(line)?.slice(1),
    ),
    [
      ['Read', '1048576'],
      ['Write', '2097152'],
      ['Sync', '1048576'],
      ['Async', '2097152'],
      ['Discard', '0'],
      ['Total', '3145728'],
    ],
  );
});

test('no series is told twice, however many runtimes list a container', async (t) => {
  const { collector, runtime } = await createHost(t, unpackRoots(t, 'containers-v2.txt'), [WEB, DB]);
  const second = await serveRuntime(t, [WEB, HOST]);
  const both = createContainersCollector(
    {
      roots: unpackRoots(t, 'containers-v2.txt'),
      usualSockets: [runtime.socket, second.socket],
      now: () => 0,
      monotonic: () => 0,
    },
    defaultsOf(CONTAINERS_OPTIONS),
  );
  const lines = (await renderOnce(both)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const series = lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
  assert.equal(new Set(series).size, series.length);
  assert.equal(samplesOf(lines.join('\n'), 'container_last_seen').length, 3);
  assert.equal(samplesOf(await renderOnce(collector), 'container_last_seen').length, 2);
});

test('devices without a name, and two of one name, are told apart', async (t) => {
  const roots = unpackRoots(t, 'containers-v2.txt');
  const file = join(roots.sys, `fs/cgroup/system.slice/docker-${ID_WEB}.scope/io.stat`);
  writeFileSync(file, ['8:0', '8:16', '7:7', '7:8'].map((number) => `${number} rbytes=1`).join('\n'));
  symlinkSync('../../devices/virtual/block/sda', join(roots.sys, 'dev/block/8:16'));
  const { collector } = await createHost(t, roots, [WEB]);
  const lines = samplesOf(await renderOnce(collector), 'container_fs_reads_bytes_total');
  assert.deepEqual(
    lines.map((line) => /device="([^"]*)"/.exec(line)?.[1]),
    ['/dev/sda', '8:16', '7:7', '7:8'],
  );
});

test('what a hostile container is called can be sent all the same', async (t) => {
  const hostile = '"\\\n\u0000\u202e\ud800';
  const labels = { [hostile]: hostile, __reserved__: 'x', '': 'y', '1': hostile };
  const container = { ...WEB, name: hostile.repeat(500), image: hostile, labels };
  const { collector } = await createHost(t, unpackRoots(t, 'containers-v2.txt'), [container], {
    'label-include': /(?:)/,
  });
  const column = await collectOnce(collector);
  assert.ok(column !== null);
  const frame = decodeReporterFrame(encodeShapeFrame(1, encodeShapeBody(column.shape)), 20_000);
  assert.equal(frame.kind, 'shape');
  assert.match(render(column), /container_label_1="/);
});

test('which of the labels are told is an option', async (t) => {
  const roots = unpackRoots(t, 'containers-v2.txt');
  const { collector } = await createHost(t, roots, [WEB], { 'label-include': /^maintainer$/ });
  const [line] = samplesOf(await renderOnce(collector), 'container_last_seen');
  assert.match(line ?? '', /name="shop-web-1",container_label_maintainer="nobody"\}/);
});
