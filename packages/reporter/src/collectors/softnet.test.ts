import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSoftnetCollector, parseSoftnet } from './softnet.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const zeros = (count: number) => Array.from({ length: count }, () => '00000000').join(' ');

test('columns are hexadecimal, and the thirteenth is the number of the CPU', () => {
  const line = `001b558d 00000002 00000004 ${zeros(5)} 00000001 0000000a 00000005 00000003 00000007 ${zeros(2)}\n`;
  assert.deepEqual(parseSoftnet(line), [{ cpu: '7', values: [1791373, 2, 4, 1, 10, 5, 3] }]);
});

test('older kernels have fewer columns, and CPUs in order', () => {
  const rows = parseSoftnet(`0000000a ${zeros(8)}\n0000000b ${zeros(8)}\n`);
  assert.deepEqual(rows[1], { cpu: '1', values: [11, 0, 0, 0, null, null, null] });
});

test('a cut line and garbage are errors', () => {
  assert.throws(() => parseSoftnet('0000000a 00000000\n'), /too few fields/);
  assert.throws(() => parseSoftnet(`xyz ${zeros(8)}\n`), /xyz is no hexadecimal number/);
});

test('what the kernel does not count is 0', async (t) => {
  const roots = temporaryRoots(t, { 'proc/net/softnet_stat': `0000000a ${zeros(8)}\n` });
  const text = await renderOnce(createSoftnetCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_softnet_backlog_len'), ['{cpu="0"} 0']);
  assert.deepEqual(samplesOf(text, 'node_softnet_processed_total'), ['{cpu="0"} 10']);
});
