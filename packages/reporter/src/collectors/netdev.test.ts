import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNetdevCollector, parseNetDev } from './netdev.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const HEADINGS = 'Inter-|   Receive    |  Transmit\n face |bytes    packets|bytes    packets\n';
const COUNTERS = '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16';
const NUMBERS = COUNTERS.split(' ').map(Number);

test('parses devices, with and without a space behind the colon, and aliases', () => {
  const devices = parseNetDev(`${HEADINGS}    lo: ${COUNTERS}\neth0:${COUNTERS}\neth0:1: ${COUNTERS}\n`);
  assert.deepEqual([...devices.keys()], ['lo', 'eth0', 'eth0:1']);
  assert.deepEqual(devices.get('eth0'), NUMBERS);
});

test('a cut line, garbage and a file without devices are errors', () => {
  assert.throws(() => parseNetDev(`${HEADINGS}eth0: 1 2 3\n`), /too few fields: "eth0: 1 2 3"/);
  assert.throws(() => parseNetDev(`${HEADINGS}eth0: ${COUNTERS.replace('8', '-')}\n`), /- is no number/);
  assert.throws(
    () => parseNetDev(`${HEADINGS}what is this\n`),
    /expected "device: counters": "what is this"/,
  );
  assert.throws(() => parseNetDev(HEADINGS), /no network device/);
});

test('receive_nohandler comes from sysfs, for the devices that have it', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/net/dev': `${HEADINGS}lo: ${COUNTERS}\neth0: ${COUNTERS}\n`,
    'sys/class/net/eth0/statistics/rx_nohandler': '31\n',
  });
  const text = await renderOnce(createNetdevCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_network_receive_nohandler_total'), ['{device="eth0"} 31']);
  assert.deepEqual(samplesOf(text, 'node_network_transmit_drop_total'), [
    '{device="lo"} 12',
    '{device="eth0"} 12',
  ]);
});

test('devices can be left out', async (t) => {
  const roots = temporaryRoots(t, { 'proc/net/dev': `${HEADINGS}lo: ${COUNTERS}\neth0: ${COUNTERS}\n` });
  const text = await renderOnce(createNetdevCollector(roots, (device) => device !== 'lo'));
  assert.deepEqual(samplesOf(text, 'node_network_transmit_drop_total'), ['{device="eth0"} 12']);
});
