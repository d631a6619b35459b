import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetstat } from './netstat-text.ts';
import { fixture } from './sources-test-support.ts';

const asObject = (counters: ReadonlyMap<string, number> | undefined) => Object.fromEntries(counters ?? []);

test("macOS: an interface's own line counts, with an address and without", () => {
  const devices = parseNetstat(fixture('netstat-macos.txt'));
  assert.deepEqual([...devices.keys()], ['lo0', 'gif0', 'stf0', 'en0', 'bridge0', 'utun0']);
  assert.deepEqual(asObject(devices.get('en0')), {
    receive_packets: 22184840,
    receive_errs: 3,
    receive_bytes: 13047081883,
    transmit_packets: 29605843,
    transmit_errs: 1,
    transmit_bytes: 6652036717,
    transmit_colls: 7,
  });
  assert.equal(devices.get('lo0')?.get('receive_bytes'), 96034114);
  assert.equal(devices.get('utun0')?.get('transmit_bytes'), 200);
});

test('FreeBSD: addresses are not added to their interface, and dropped packets are told', () => {
  const devices = parseNetstat(fixture('netstat-freebsd.txt'));
  assert.deepEqual([...devices.keys()], ['em0', 'lo0', 'vlan_guests']);
  assert.equal(devices.get('em0')?.get('receive_bytes'), 19227525718);
  assert.equal(devices.get('em0')?.get('receive_drop'), 5);
  assert.equal(devices.get('em0')?.get('transmit_errs'), 49);
  assert.equal(devices.get('lo0')?.get('transmit_packets'), 512);
});

test('OpenBSD: bytes alone', () => {
  const devices = parseNetstat(fixture('netstat-openbsd.txt'));
  assert.deepEqual(asObject(devices.get('vio0')), { receive_bytes: 884123456, transmit_bytes: 12345678 });
  assert.deepEqual(asObject(devices.get('lo0')), { receive_bytes: 5760, transmit_bytes: 5760 });
  assert.deepEqual([...devices.keys()], ['lo0', 'vio0', 'enc0']);
});

test('a table that is none is refused, with its line', () => {
  assert.throws(() => parseNetstat(''), /told no interface/);
  assert.throws(() => parseNetstat('Name Mtu Network Address Ibytes Obytes\n'), /told no interface/);
  const short = 'Name Mtu Network Address Ibytes Obytes\nem0 1500 <Link#1> 5\n';
  assert.throws(() => parseNetstat(short), /columns do not fit the heading.*em0/);
  const words = 'Name Mtu Network Address Ibytes Obytes\nem0 1500 <Link#1> aa:bb many 5\n';
  assert.throws(() => parseNetstat(words), /em0 1500/);
});
