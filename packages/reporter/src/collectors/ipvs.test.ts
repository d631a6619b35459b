import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createIpvsCollector, IPVS_OPTIONS, parseIpvs, parseIpvsStats } from './ipvs.ts';
import { collectOnce, FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('the totals are in the third line', () => {
  // As `parseOrNoData` hands it over: trimmed.
  const text = 'Total Incoming\n Conns Packets\n 16AA370 E3 0 51D8C8883AB3 A\n';
  assert.deepEqual(parseIpvsStats(text), [23765872, 227, 0, 89991519156915, 10]);
  assert.throws(() => parseIpvsStats('Total\n'), /the line of totals is missing/);
});

test('backends have the labels of their service', () => {
  const heading = 'Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight\n';
  const [tcp, marked] = parseIpvs(
    `${heading}TCP  C0A80016:0CEA wlc\n  -> [2001:0db8:0000:0000:0000:0000:0000:0001]:0035 Route 1 2 3\n` +
      'FWM  10001000 wlc\n  -> C0A8321A:0CEA      Route   20     64         1\n',
  );
  assert.deepEqual(tcp, {
    labels: {
      local_address: '192.168.0.22',
      local_port: '3306',
      proto: 'TCP',
      local_mark: '',
      remote_address: '2001:db8::1',
      remote_port: '53',
    },
    weight: 1,
    active: 2,
    inactive: 3,
  });
  assert.equal(marked?.labels.local_mark, '10001000');
  assert.equal(marked?.labels.local_address, '');
});

test('garbage is an error', () => {
  assert.throws(() => parseIpvs('TCP  C0A8:0CEA wlc\n'), /C0A8:0CEA is no address with a port/);
  assert.throws(() => parseIpvs('  -> C0A8321A:0CEA Route\n'), /too few fields/);
});

test('backends that agree in the chosen labels are added up', async () => {
  const labels = IPVS_OPTIONS['backend-labels'].parse(['proto']);
  const text = await renderOnce(createIpvsCollector(FIXTURE_ROOTS, labels));
  assert.deepEqual(samplesOf(text, 'node_ipvs_backend_connections_active'), [
    '{proto="TCP"} 496',
    '{proto="UDP"} 3',
    '{proto="FWM"} 64',
  ]);
});

test('an unknown label is refused', () => {
  assert.throws(() => IPVS_OPTIONS['backend-labels'].parse(['proto,x']), /"x" is none of local_address/);
});

test('a host without the load balancer has no data', async (t) => {
  await assert.rejects(async () => collectOnce(createIpvsCollector(temporaryRoots(t, {}))), NoDataError);
});
