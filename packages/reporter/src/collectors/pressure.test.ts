import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createPressureCollector, parsePressure } from './pressure.ts';
import { collectOnce, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const line = (kind: string, total: number) => `${kind} avg10=1.00 avg60=0.00 avg300=0.00 total=${total}\n`;

test('takes the totals as seconds', () => {
  assert.deepEqual(parsePressure(line('some', 1_500_000) + line('full', 250_000)), { some: 1.5, full: 0.25 });
  assert.deepEqual(parsePressure(line('full', 0)), { some: null, full: 0 });
});

test('garbage is an error', () => {
  assert.throws(() => parsePressure('some avg10=1.00\n'), /expected "some\|full … total=number"/);
  assert.throws(() => parsePressure('some total=x\n'), /x is no number/);
});

test('a kernel without irq tells the others, and cpu has no full on older ones', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/pressure/cpu': line('some', 2_000_000),
    'proc/pressure/io': line('some', 1) + line('full', 3_000_000),
    'proc/pressure/memory': line('some', 1) + line('full', 4_000_000),
  });
  const text = await renderOnce(createPressureCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_pressure_cpu_waiting_seconds_total'), ['2']);
  assert.deepEqual(samplesOf(text, 'node_pressure_io_stalled_seconds_total'), ['3']);
  assert.ok(!text.includes('irq'));
});

test('a kernel that does not measure has no data', async (t) => {
  await assert.rejects(async () => collectOnce(createPressureCollector(temporaryRoots(t, {}))), NoDataError);
});
