import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';
import { createTimeCollector } from './time.ts';

const zone = () => ({ name: 'CEST', offsetSeconds: 7200 });

test('tells time, zone and clock sources', async (t) => {
  const base = 'sys/devices/system/clocksource/clocksource0';
  const roots = temporaryRoots(t, {
    [`${base}/available_clocksource`]: 'tsc hpet \n',
    [`${base}/current_clocksource`]: 'tsc\n',
  });
  const text = await renderOnce(createTimeCollector(roots, () => 1_772_000_000_125, zone));
  assert.deepEqual(samplesOf(text, 'node_time_seconds'), ['1772000000.125']);
  assert.deepEqual(samplesOf(text, 'node_time_zone_offset_seconds'), ['{time_zone="CEST"} 7200']);
  assert.deepEqual(samplesOf(text, 'node_time_clocksource_available_info'), [
    '{device="0",clocksource="tsc"} 1',
    '{device="0",clocksource="hpet"} 1',
  ]);
  assert.deepEqual(samplesOf(text, 'node_time_clocksource_current_info'), [
    '{device="0",clocksource="tsc"} 1',
  ]);
});

test('a host without clock sources still tells the time', async (t) => {
  const text = await renderOnce(createTimeCollector(temporaryRoots(t, {}), () => 1000, zone));
  assert.deepEqual(samplesOf(text, 'node_time_seconds'), ['1']);
  assert.doesNotMatch(text, /clocksource/);
});
