import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCpuCollector } from './cpu.ts';
import { parseCpuinfo } from './cpu-info.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const CPU = (number: number) =>
  `processor\t: ${number}\nvendor_id\t: Maker\nmodel name\t: Fast: one\nmicrocode\t: \ncpu MHz\t\t: 2096.5\nflags\t\t: fpu vme sse2\nbugs\t\t: spectre_v1\n\n`;
const OPTIONS = { guest: true, info: true, 'info.flags-include': null, 'info.bugs-include': null };
const STAT = 'cpu0 1 2 3 4 5 6 7 8 9 10\n';

test('one paragraph a CPU; what is about the machine is left out', () => {
  const cpus = parseCpuinfo(`Processor\t: ARM\n${CPU(0)}${CPU(1)}processor\t: rev 2\n`);
  assert.deepEqual(
    cpus.map((cpu) => cpu.get('processor')),
    ['0', '1'],
  );
  assert.equal(cpus[0]?.get('model name'), 'Fast: one');
});

test('is off by default, and tells frequencies only where cpufreq does not', async (t) => {
  const files = { 'proc/stat': STAT, 'proc/cpuinfo': CPU(0) };
  const roots = temporaryRoots(t, files);
  assert.doesNotMatch(await renderOnce(createCpuCollector(roots)), /info|hertz/);
  const text = await renderOnce(createCpuCollector(roots, OPTIONS));
  assert.deepEqual(samplesOf(text, 'node_cpu_info'), ['{cpu="0",vendor="Maker",model_name="Fast: one"} 1']);
  assert.deepEqual(samplesOf(text, 'node_cpu_frequency_hertz'), ['{cpu="0"} 2096500000']);
  const governed = temporaryRoots(t, {
    ...files,
    'sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'performance\n',
  });
  assert.doesNotMatch(await renderOnce(createCpuCollector(governed, OPTIONS)), /hertz/);
});

test('flags and bugs are told as far as they are asked for, and guests unless they are not', async (t) => {
  const roots = temporaryRoots(t, { 'proc/stat': STAT, 'proc/cpuinfo': CPU(0) });
  const options = { guest: false, info: false, 'info.flags-include': /^s/, 'info.bugs-include': /./ };
  const text = await renderOnce(createCpuCollector(roots, options));
  assert.deepEqual(samplesOf(text, 'node_cpu_flag_info'), ['{flag="sse2"} 1']);
  assert.deepEqual(samplesOf(text, 'node_cpu_bug_info'), ['{bug="spectre_v1"} 1']);
  assert.doesNotMatch(text, /guest/);
});
