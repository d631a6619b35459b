/** The collectors that are little more than a table: fibrechannel, infiniband, tapestats, watchdog. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createFibrechannelCollector } from './fibrechannel.ts';
import { createInfinibandCollector, parseRate, parseState } from './infiniband.ts';
import { createTapestatsCollector } from './tapestats.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';
import { createWatchdogCollector } from './watchdog.ts';

test('fibrechannel: counters are hexadecimal, and all ones mean that nothing is counted', async (t) => {
  const base = 'sys/class/fc_host/host0';
  const roots = temporaryRoots(t, {
    [`${base}/port_id`]: '0x000002\n',
    [`${base}/speed`]: '16 Gbit\n',
    [`${base}/statistics/rx_frames`]: '0x1f\n',
    [`${base}/statistics/dumped_frames`]: '0xffffffffffffffff\n',
  });
  const text = await renderOnce(createFibrechannelCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_fibrechannel_info'), [
    '{fc_host="host0",speed="16 Gbit",port_id="000002"} 1',
  ]);
  assert.deepEqual(samplesOf(text, 'node_fibrechannel_rx_frames_total'), ['{fc_host="host0"} 31']);
  assert.doesNotMatch(text, /dumped/);
});

test('infiniband: states, rates and counters of ports', async (t) => {
  assert.deepEqual([parseState('4: ACTIVE'), parseState('ACTIVE'), parseState(null)], [4, null, null]);
  assert.deepEqual([parseRate('2.5 Gb/sec (1X SDR)'), parseRate('fast')], [312_500_000, null]);
  const base = 'sys/class/infiniband/mlx5_0';
  const roots = temporaryRoots(t, {
    [`${base}/fw_ver`]: '2.31\n',
    [`${base}/ports/1/state`]: '4: ACTIVE\n',
    [`${base}/ports/1/counters/port_rcv_data`]: '10\n',
    [`${base}/ports/1/hw_counters/lifespan`]: '1999\n',
    [`${base}/ports/2/state`]: '1: DOWN\n',
  });
  const text = await renderOnce(createInfinibandCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_infiniband_info'), ['{device="mlx5_0",firmware_version="2.31"} 1']);
  assert.deepEqual(samplesOf(text, 'node_infiniband_state_id'), [
    '{device="mlx5_0",port="1"} 4',
    '{device="mlx5_0",port="2"} 1',
  ]);
  const port = '{device="mlx5_0",port="1"}';
  assert.deepEqual(samplesOf(text, 'node_infiniband_port_data_received_bytes_total'), [`${port} 40`]);
  assert.deepEqual(samplesOf(text, 'node_infiniband_lifespan_seconds'), [`${port} 1`]);
});

test('tapestats: drives, not the other names they have', async (t) => {
  const base = 'sys/class/scsi_tape';
  const roots = temporaryRoots(t, {
    [`${base}/st0/stats/read_ns`]: '1500000000\n',
    [`${base}/nst0/stats/read_ns`]: '1500000000\n',
    [`${base}/st0l/stats/read_ns`]: '1500000000\n',
    [`${base}/st1/stats/read_ns`]: '1500000000\n',
  });
  const text = await renderOnce(createTapestatsCollector(roots, { 'ignored-devices': /^st1$/ }));
  assert.deepEqual(samplesOf(text, 'node_tape_read_time_seconds_total'), ['{device="st0"} 1.5']);
});

test('watchdog: one that tells nothing is told too', async (t) => {
  const base = 'sys/class/watchdog';
  const roots = temporaryRoots(t, {
    [`${base}/watchdog0/timeout`]: '60\n',
    [`${base}/watchdog0/identity`]: 'Software Watchdog\n',
    [`${base}/watchdog1/dev`]: '\n',
  });
  const text = await renderOnce(createWatchdogCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_watchdog_timeout_seconds'), ['{name="watchdog0"} 60']);
  assert.deepEqual(samplesOf(text, 'node_watchdog_info'), [
    '{name="watchdog0",identity="Software Watchdog"} 1',
    '{name="watchdog1"} 1',
  ]);
});

test('a machine without the class has no data', async (t) => {
  const roots = temporaryRoots(t, {});
  for (const create of [
    createFibrechannelCollector,
    createInfinibandCollector,
    createTapestatsCollector,
    createWatchdogCollector,
  ]) {
    await assert.rejects(async () => renderOnce(create(roots)), NoDataError);
  }
});
