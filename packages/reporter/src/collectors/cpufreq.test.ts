import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCpufreqCollector } from './cpufreq.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('CPUs that share a clock tell the same; what is fixed is kept', async (t) => {
  const base = 'sys/devices/system/cpu';
  const policy = `${base}/cpufreq/policy0`;
  const roots = temporaryRoots(t, {
    [`${policy}/scaling_cur_freq`]: '1700000\n',
    [`${policy}/cpuinfo_max_freq`]: '3700000\n',
    [`${policy}/scaling_governor`]: 'powersave\n',
    [`${policy}/scaling_available_governors`]: 'performance powersave\n',
    [`${policy}/cpuinfo_cur_freq`]: '<unknown>\n',
    [`${base}/cpu10/online`]: '0\n',
  });
  const cpus = join(roots.sys, 'devices/system/cpu');
  for (const cpu of ['cpu0', 'cpu2']) {
    mkdirSync(join(cpus, cpu));
    symlinkSync('../cpufreq/policy0', join(cpus, cpu, 'cpufreq'));
  }
  const collector = createCpufreqCollector(roots);
  const text = await renderOnce(collector);
  assert.deepEqual(samplesOf(text, 'node_cpu_scaling_frequency_hertz'), [
    '{cpu="0"} 1700000000',
    '{cpu="2"} 1700000000',
  ]);
  assert.deepEqual(samplesOf(text, 'node_cpu_scaling_governor'), [
    '{cpu="0",governor="performance"} 0',
    '{cpu="0",governor="powersave"} 1',
    '{cpu="2",governor="performance"} 0',
    '{cpu="2",governor="powersave"} 1',
  ]);
  assert.doesNotMatch(text, /node_cpu_frequency_hertz/);

  writeFileSync(join(cpus, 'cpufreq/policy0/scaling_cur_freq'), '800000\n');
  writeFileSync(join(cpus, 'cpufreq/policy0/cpuinfo_max_freq'), '1\n');
  const later = await renderOnce(collector);
  assert.equal(samplesOf(later, 'node_cpu_scaling_frequency_hertz')[0], '{cpu="0"} 800000000');
  assert.equal(samplesOf(later, 'node_cpu_frequency_max_hertz')[0], '{cpu="0"} 3700000000');
});

test('a virtual machine succeeds with nothing', async (t) => {
  assert.equal(await renderOnce(createCpufreqCollector(temporaryRoots(t, {}))), '');
});
