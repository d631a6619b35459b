import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createTcpstatCollector, parseTcpStats } from './tcpstat.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('counts sockets of both versions by state, and sums up their queues', async () => {
  const text = await renderOnce(createTcpstatCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_tcp_connection_states'), [
    '{state="established"} 2',
    '{state="time_wait"} 1',
    '{state="listen"} 2',
    '{state="rx_queued_bytes"} 33',
    '{state="tx_queued_bytes"} 4224',
  ]);
});

test('fails on a line that is none, and has no data without TCP', async (t) => {
  assert.throws(() => parseTcpStats('  sl  local\n   0: 0100007F:0CEA 00000000:0000 0A\n'), /fifth field/);
  assert.throws(() => parseTcpStats('   0: a b x 00:00\n'), /"?x"? is no hexadecimal number/);
  assert.deepEqual(parseTcpStats('   0: a b FF 00:00\n').get('unknown'), 1);
  const none = temporaryRoots(t, {});
  await assert.rejects(async () => renderOnce(createTcpstatCollector(none)), NoDataError);
});
