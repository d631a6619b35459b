import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSockstatCollector, parseSockstat } from './sockstat.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('parses states by protocol', () => {
  const stats = parseSockstat('sockets: used 263\nTCP: inuse 228 orphan 1\n');
  assert.deepEqual(
    [...(stats.get('TCP') ?? [])],
    [
      ['inuse', 228],
      ['orphan', 1],
    ],
  );
  assert.equal(stats.get('sockets')?.get('used'), 263);
});

test('a state without a number and garbage are errors', () => {
  assert.throws(() => parseSockstat('TCP: inuse\n'), /expected "PROTOCOL: state number …"/);
  assert.throws(() => parseSockstat('what is this\n'), /expected "PROTOCOL: state number …"/);
  assert.throws(() => parseSockstat('TCP: inuse x\n'), /x is no number/);
});

test('memory is told in pages and in bytes, and IPv6 may be absent', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/net/sockstat': 'sockets: used 9\nTCP: inuse 2 mem 3\nFRAG: inuse 0 memory 5\n',
  });
  const text = await renderOnce(createSockstatCollector(roots, () => 65536));
  assert.deepEqual(samplesOf(text, 'node_sockstat_TCP_mem_bytes'), ['196608']);
  assert.deepEqual(samplesOf(text, 'node_sockstat_FRAG_memory'), ['5']);
  assert.deepEqual(samplesOf(text, 'node_sockstat_sockets_used'), ['9']);
});

test('a host without either tells nothing', async (t) => {
  assert.equal(await renderOnce(createSockstatCollector(temporaryRoots(t, {}))), '');
});
