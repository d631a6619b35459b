import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createRaplCollector, toZones } from './rapl.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('a zone’s index is in its name, or counted', () => {
  const zones = toZones([
    ['a', 'package-1'],
    ['b', 'core'],
    ['c', 'dram'],
    ['d', 'core'],
  ]);
  assert.deepEqual(
    zones.map(({ name, index }) => `${name} ${index}`),
    ['package 1', 'core 0', 'dram 0', 'core 1'],
  );
});

test('a family for each kind of zone, or one with a label', async (t) => {
  const base = 'sys/class/powercap';
  const roots = temporaryRoots(t, {
    [`${base}/intel-rapl/enabled`]: '1\n',
    [`${base}/intel-rapl:0/name`]: 'package-0\n',
    [`${base}/intel-rapl:0/energy_uj`]: '2500000\n',
    [`${base}/intel-rapl:0:0/name`]: 'core\n',
    [`${base}/intel-rapl:0:0/energy_uj`]: '1000000\n',
  });
  const path = `${roots.sys}/class/powercap/intel-rapl:0`;
  const text = await renderOnce(createRaplCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_rapl_package_joules_total'), [`{index="0",path="${path}"} 2.5`]);
  assert.deepEqual(samplesOf(text, 'node_rapl_core_joules_total'), [`{index="0",path="${path}:0"} 1`]);
  const labelled = await renderOnce(createRaplCollector(roots, { 'enable-zone-label': true }));
  assert.deepEqual(samplesOf(labelled, 'node_rapl_joules_total'), [
    `{index="0",path="${path}",rapl_zone="package"} 2.5`,
    `{index="0",path="${path}:0",rapl_zone="core"} 1`,
  ]);
});

test('counters that may not be read are no data', async (t) => {
  const roots = temporaryRoots(t, { 'sys/class/powercap/intel-rapl:0/name': 'package-0\n' });
  await assert.rejects(async () => renderOnce(createRaplCollector(roots)), NoDataError);
});
