import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { collectOnce, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';
import { createUdpQueuesCollector, parseUdpQueues } from './udp-queues.ts';

const HEADING = '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n';
const socket = (queues: string) => `  533: 0100007F:0143 00000000:0000 07 ${queues} 00:00000000 00000000\n`;

test('adds up the queues of all sockets', () => {
  const text = HEADING + socket('00000015:00000240') + socket('00000001:0000000a');
  assert.deepEqual(parseUdpQueues(text), { tx: 22, rx: 586 });
  assert.deepEqual(parseUdpQueues(HEADING), { tx: 0, rx: 0 });
});

test('garbage is an error', () => {
  assert.throws(() => parseUdpQueues('  1: a b\n'), /expected tx_queue:rx_queue/);
  assert.throws(() => parseUdpQueues(socket('x:0')), /x is no hexadecimal number/);
});

test('works without IPv6, and has no data without either', async (t) => {
  const text = await renderOnce(createUdpQueuesCollector(temporaryRoots(t, { 'proc/net/udp': HEADING })));
  assert.deepEqual(samplesOf(text, 'node_udp_queues'), ['{queue="tx",ip="v4"} 0', '{queue="rx",ip="v4"} 0']);
  await assert.rejects(async () => collectOnce(createUdpQueuesCollector(temporaryRoots(t, {}))), NoDataError);
});
