import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createNfsCollector } from './nfs.ts';
import { CLIENT_V4_METHODS, parseRpc, SERVER_V4_METHODS, V2_METHODS, V3_METHODS } from './nfs-rpc.ts';
import { collectOnce, FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('parses lines of numbers', () => {
  const lines = parseRpc('net 70 60 50 5\nproc2 2 16 57\n');
  assert.deepEqual(lines.get('net'), [70, 60, 50, 5]);
  assert.deepEqual(lines.get('proc2'), [2, 16, 57]);
});

test('a cut line of procedures and garbage are errors', () => {
  assert.throws(() => parseRpc('proc3 22 0 1\n'), /the first number is not how many follow/);
  assert.throws(() => parseRpc('rpc x\n'), /x is no number/);
});

test('there are as many methods as the protocol has procedures', () => {
  assert.deepEqual(
    [V2_METHODS, V3_METHODS, CLIENT_V4_METHODS, SERVER_V4_METHODS].map((methods) => methods.length),
    [18, 22, 59, 40],
  );
});

test('methods are told by their place in the line', async () => {
  const samples = samplesOf(await renderOnce(createNfsCollector(FIXTURE_ROOTS)), 'node_nfs_requests_total');
  assert.ok(samples.includes('{proto="2",method="WrCache"} 86'));
  assert.ok(samples.includes('{proto="3",method="Commit"} 23729'));
  assert.ok(samples.includes('{proto="4",method="Clone"} 59'));
});

test('a kernel with fewer procedures, or without NFS 2, counts 0', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/net/rpc/nfs': 'net 0 0 0 0\nrpc 1 2 3\nproc4 2 7 8\n',
  });
  const samples = samplesOf(await renderOnce(createNfsCollector(roots)), 'node_nfs_requests_total');
  assert.ok(samples.includes('{proto="4",method="Read"} 8'));
  assert.ok(samples.includes('{proto="4",method="Clone"} 0'));
  assert.ok(samples.includes('{proto="2",method="Null"} 0'));
});

test('a host without the client has no data', async (t) => {
  await assert.rejects(async () => collectOnce(createNfsCollector(temporaryRoots(t, {}))), NoDataError);
});
