import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInterruptsCollector, parseInterrupts } from './interrupts.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from './test-support.ts';

const CPUS = '           CPU0       CPU2       \n';

test('numbered interrupts have devices, named ones only a description', () => {
  const text = `${CPUS}  8:     1     0   IO-APIC    8-edge      rtc0\nNMI:  5  6   Non-maskable interrupts\nERR:  0\n`;
  assert.deepEqual(parseInterrupts(text), {
    cpus: ['0', '2'],
    interrupts: [
      { type: '8', info: 'IO-APIC', devices: '8-edge rtc0', counts: [1, 0] },
      { type: 'NMI', info: 'Non-maskable interrupts', devices: '', counts: [5, 6] },
    ],
  });
});

test('an empty file and garbage are errors', () => {
  assert.throws(() => parseInterrupts(''), /the line of CPUs is missing/);
  assert.throws(() => parseInterrupts(`${CPUS}8: a b c\n`), /a is no number/);
});

test('some can be left out, and so can zeros', async () => {
  const keep = (name: string) => name === '8;IO-APIC;8-edge rtc0';
  const text = await renderOnce(createInterruptsCollector(FIXTURE_ROOTS, keep, false));
  assert.deepEqual(samplesOf(text, 'node_interrupts_total'), [
    '{cpu="0",type="8",info="IO-APIC",devices="8-edge rtc0"} 1',
  ]);
});
