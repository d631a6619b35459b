import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createArpCollector, parseArp } from './arp.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from './test-support.ts';

const HEADING = 'IP address       HW type     Flags       HW address            Mask     Device\n';

test('counts entries by device', () => {
  const line = (device: string) =>
    `192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        ${device}\n`;
  assert.deepEqual(
    [...parseArp(HEADING + line('eth0') + line('br0') + line('eth0'))],
    [
      ['eth0', 2],
      ['br0', 1],
    ],
  );
  assert.equal(parseArp(HEADING).size, 0);
});

test('a cut line is an error', () => {
  assert.throws(() => parseArp(`${HEADING}192.0.2.1 0x1\n`), /too few fields/);
});

test('devices can be left out', async () => {
  const text = await renderOnce(createArpCollector(FIXTURE_ROOTS, (device) => device !== 'docker0'));
  assert.deepEqual(samplesOf(text, 'node_arp_entries'), ['{device="eno1"} 2']);
});
