import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPowerSupplyCollector } from './power-supply.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const BASE = 'sys/class/power_supply';

test('millionths and tenths become whole units, and texts labels', async (t) => {
  const roots = temporaryRoots(t, {
    [`${BASE}/BAT0/capacity`]: '98\n',
    [`${BASE}/BAT0/energy_now`]: '49450000\n',
    [`${BASE}/BAT0/temp`]: '312\n',
    [`${BASE}/BAT0/temp_ambient_alert_max`]: '600\n',
    [`${BASE}/BAT0/type`]: 'Battery\n',
    [`${BASE}/BAT0/status`]: 'Discharging\n',
    [`${BASE}/AC/online`]: '0\n',
    [`${BASE}/AC/type`]: 'Mains\n',
  });
  const text = await renderOnce(createPowerSupplyCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_power_supply_capacity'), ['{power_supply="BAT0"} 98']);
  assert.deepEqual(samplesOf(text, 'node_power_supply_energy_watthour'), ['{power_supply="BAT0"} 49.45']);
  assert.deepEqual(samplesOf(text, 'node_power_supply_temp_celsius'), ['{power_supply="BAT0"} 31.2']);
  assert.deepEqual(samplesOf(text, 'node_power_supply_temp_ambient_max_celsius'), [
    '{power_supply="BAT0"} 60',
  ]);
  assert.deepEqual(samplesOf(text, 'node_power_supply_info'), [
    '{power_supply="AC",type="Mains"} 1',
    '{power_supply="BAT0",status="Discharging",type="Battery"} 1',
  ]);
});

test('supplies can be left out', async (t) => {
  const roots = temporaryRoots(t, { [`${BASE}/AC/online`]: '0\n', [`${BASE}/BAT0/online`]: '1\n' });
  const text = await renderOnce(createPowerSupplyCollector(roots, { 'ignored-supplies': /^BAT/ }));
  assert.deepEqual(samplesOf(text, 'node_power_supply_online'), ['{power_supply="AC"} 0']);
});
