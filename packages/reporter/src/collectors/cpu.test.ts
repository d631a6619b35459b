import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCpuCollector, parseCpus, withoutJumps } from './cpu.ts';
import { parseCpuList } from './cpu-sysfs.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

/** One CPU with the given idle and iowait, in ticks. */
const stat = (idle: number, iowait: number) => `cpu  0 0 0 0\ncpu0 100 0 200 ${idle} ${iowait} 0 0 0 0 0\n`;

test('parses ticks as seconds, and leaves the sum of all CPUs out', () => {
  const cpus = parseCpus('cpu  9 9 9 9\ncpu0 1 2 3 400 5 6 7 8 9 10\ncpu12 100 0 0 0 0 0 0 0 0 0\nctxt 1\n');
  assert.deepEqual(cpus.get('0'), [0.01, 0.02, 0.03, 4, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1]);
  assert.deepEqual([...cpus.keys()], ['0', '12']);
});

test('columns that an old kernel does not have are zero', () => {
  assert.deepEqual(parseCpus('cpu0 1 2 3 4\n').get('0'), [0.01, 0.02, 0.03, 0.04, 0, 0, 0, 0, 0, 0]);
});

test('a truncated or garbled file is an error', () => {
  assert.throws(() => parseCpus(''), /no line of a CPU/);
  assert.throws(() => parseCpus('cpu0 1 2'), /too few fields: "cpu0 1 2"/);
  assert.throws(() => parseCpus('cpu0 1 2 x 4 5\n'), /x is no number: "cpu0 1 2 x 4 5"/);
  assert.throws(() => parseCpus('cpuX 1 2 3 4 5\n'), /X is no number/);
});

test('a counter that runs backwards keeps its last value', () => {
  const told = withoutJumps(parseCpus(stat(1000, 500)), parseCpus(stat(900, 400)));
  assert.deepEqual(told.get('0')?.slice(3, 5), [10, 5]);
});

test('when idle falls by three seconds the CPU was away, and all its counters start anew', () => {
  const told = withoutJumps(parseCpus(stat(1000, 500)), parseCpus(stat(700, 400)));
  assert.deepEqual(told.get('0')?.slice(3, 5), [7, 4]);
});

test('a CPU that went off line is not told any more, and isolation follows the list', async (t) => {
  const cpu1 = 'cpu1 1 0 0 4 0 0 0 0 0 0\n';
  const roots = temporaryRoots(t, {
    'proc/stat': stat(10, 0) + cpu1,
    'sys/devices/system/cpu/cpu0/online': '1\n',
    'sys/devices/system/cpu/cpu1/online': '1\n',
    'sys/devices/system/cpu/online': '0-1\n',
    'sys/devices/system/cpu/isolated': '\n',
  });
  const collector = createCpuCollector(roots);
  const before = await renderOnce(collector);
  assert.deepEqual(samplesOf(before, 'node_cpu_online'), ['{cpu="0"} 1', '{cpu="1"} 1']);
  assert.doesNotMatch(before, /node_cpu_isolated|throttles/);

  writeFileSync(join(roots.proc, 'stat'), stat(10, 0));
  writeFileSync(join(roots.sys, 'devices/system/cpu/online'), '0\n');
  const after = await renderOnce(collector);
  assert.equal(samplesOf(after, 'node_cpu_seconds_total').length, 8);
  assert.deepEqual(samplesOf(after, 'node_cpu_online'), ['{cpu="0"} 1', '{cpu="1"} 0']);
});

test('a throttle file that vanishes leaves its series without a value', async (t) => {
  const base = 'sys/devices/system/cpu/cpu0';
  const roots = temporaryRoots(t, {
    'proc/stat': stat(10, 0),
    [`${base}/topology/physical_package_id`]: '0\n',
    [`${base}/topology/core_id`]: '0\n',
    [`${base}/thermal_throttle/core_throttle_count`]: '7\n',
  });
  const collector = createCpuCollector(roots);
  const family = 'node_cpu_core_throttles_total';
  assert.deepEqual(samplesOf(await renderOnce(collector), family), ['{package="0",core="0"} 7']);
  rmSync(join(roots.sys, 'devices/system/cpu/cpu0/thermal_throttle'), { recursive: true });
  assert.deepEqual(samplesOf(await renderOnce(collector), family), ['{package="0",core="0"} absent']);
});

test('parses lists of CPUs', () => {
  assert.deepEqual(parseCpuList(''), []);
  assert.deepEqual(parseCpuList('0-2,7'), ['0', '1', '2', '7']);
  assert.throws(() => parseCpuList('0-,x'), /no list of CPUs: "0-,x"/);
});

test('a garbled file of sysfs is an error that names it', async (t) => {
  const roots = temporaryRoots(t, { 'proc/stat': stat(10, 0), 'sys/devices/system/cpu/isolated': 'some\n' });
  await assert.rejects(
    async () => renderOnce(createCpuCollector(roots)),
    /cpu\/isolated: no list of CPUs: "some"/,
  );
});
