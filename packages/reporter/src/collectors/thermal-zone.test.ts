import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';
import { createThermalZoneCollector } from './thermal-zone.ts';

test('zones in degrees, and the states of what cools', async (t) => {
  const base = 'sys/class/thermal';
  const roots = temporaryRoots(t, {
    [`${base}/thermal_zone0/type`]: 'acpitz\n',
    [`${base}/thermal_zone0/temp`]: '-44500\n',
    // A zone that is switched off has a type but no temperature.
    [`${base}/thermal_zone1/type`]: 'iwlwifi\n',
    [`${base}/cooling_device12/type`]: 'Processor\n',
    [`${base}/cooling_device12/cur_state`]: '-1\n',
    [`${base}/cooling_device12/max_state`]: '10\n',
  });
  const text = await renderOnce(createThermalZoneCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_thermal_zone_temp'), ['{zone="0",type="acpitz"} -44.5']);
  assert.deepEqual(samplesOf(text, 'node_cooling_device_cur_state'), ['{name="12",type="Processor"} -1']);
  assert.deepEqual(samplesOf(text, 'node_cooling_device_max_state'), ['{name="12",type="Processor"} 10']);
});

test('a machine without zones succeeds with nothing, as node_exporter does', async (t) => {
  assert.equal(await renderOnce(createThermalZoneCollector(temporaryRoots(t, {}))), '');
});
