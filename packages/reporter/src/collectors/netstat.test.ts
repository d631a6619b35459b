import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNetstatCollector, type Plans, parseNetstat, parseSnmp6 } from './netstat.ts';
import { FIXTURE_ROOTS, renderOnce, temporaryRoots } from './test-support.ts';

const all = () => true;
const NETSTAT = 'TcpExt: SyncookiesSent ListenDrops\nTcpExt: 3 4\nIpExt: InOctets\nIpExt: 5\n';

test('pairs names with numbers, per protocol', () => {
  assert.deepEqual(parseNetstat(NETSTAT, all), [
    { protocol: 'TcpExt', name: 'SyncookiesSent', value: 3 },
    { protocol: 'TcpExt', name: 'ListenDrops', value: 4 },
    { protocol: 'IpExt', name: 'InOctets', value: 5 },
  ]);
  assert.deepEqual(
    parseNetstat(NETSTAT, (protocol) => protocol === 'IpExt').map(({ value }) => value),
    [5],
  );
});

test('a line that does not fit its names is an error', () => {
  assert.throws(() => parseNetstat('Ip: A B\nIp: 1\n', all), /expected a number for each name of Ip: /);
  assert.throws(
    () => parseNetstat('Ip: A\nTcp: 1\n', all),
    /expected a number for each name of Ip: "Tcp: 1"/,
  );
  assert.throws(() => parseNetstat('Ip: A\nIp: x\n', all), /x is no number/);
});

test('snmp6 has the protocol in the name, and lines without one are passed over', () => {
  assert.deepEqual(parseSnmp6('Ip6InOctets   \t7\nOther 1\nUdpLite6InErrors\t9\n', all), [
    { protocol: 'Ip6', name: 'InOctets', value: 7 },
    { protocol: 'UdpLite6', name: 'InErrors', value: 9 },
  ]);
});

test('a line of names is matched once', () => {
  const plans: Plans = new Map();
  let asked = 0;
  const counted = () => {
    asked++;
    return true;
  };
  for (let i = 0; i < 3; i++) parseNetstat(NETSTAT, counted, plans);
  assert.equal(asked, 3);
  for (let i = 0; i < 100; i++) parseNetstat(`A: N${i}\nA: 1\n`, counted, plans);
  assert.equal(plans.size, 50);
});

test('works without IPv6', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/net/netstat': NETSTAT,
    'proc/net/snmp': 'Tcp: CurrEstab MaxConn\nTcp: 26 -1\n',
  });
  const text = await renderOnce(createNetstatCollector(roots));
  assert.ok(text.includes('# HELP node_netstat_Tcp_CurrEstab Statistic TcpCurrEstab.\n'));
  assert.ok(text.includes('node_netstat_Tcp_CurrEstab 26\n'));
  assert.ok(!text.includes('MaxConn'));
});

test('an empty pattern tells everything', async () => {
  const text = await renderOnce(createNetstatCollector(FIXTURE_ROOTS, null));
  assert.ok(text.includes('node_netstat_Tcp_MaxConn -1\n'));
});
