import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createDrbdCollector, parseDrbd } from './drbd.ts';
import { collectOnce, FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('fields belong to the device above them', () => {
  const devices = parseDrbd(
    'version: 8.4 (api:1/proto:86-101)\n 0: cs:Connected ro:A/B\n    ns:17 wo:d\n 3: cs:X\n',
  );
  assert.deepEqual(
    devices.map(({ device, fields }) => [device, Object.fromEntries(fields)]),
    [
      ['drbd0', { cs: 'Connected', ro: 'A/B', ns: '17', wo: 'd' }],
      ['drbd3', { cs: 'X' }],
    ],
  );
});

test('tells numbers, pairs and the connection', async () => {
  const text = await renderOnce(createDrbdCollector(FIXTURE_ROOTS));
  assert.deepEqual(samplesOf(text, 'node_drbd_out_of_sync_bytes'), [
    '{device="drbd0"} 17408',
    '{device="drbd1"} 12288',
  ]);
  assert.equal(
    samplesOf(text, 'node_drbd_disk_state_is_up_to_date').at(-1),
    '{device="drbd1",node="remote"} 0',
  );
  assert.deepEqual(samplesOf(text, 'node_drbd_connected'), ['{device="drbd0"} 1', '{device="drbd1"} 0']);
});

test('garbage is an error, and a host without DRBD has no data', async (t) => {
  const collector = (text: string) => createDrbdCollector(temporaryRoots(t, { 'proc/drbd': text }));
  await assert.rejects(async () => collectOnce(collector(' 0: ns:x\n')), /x is no number: "ns:x"/);
  await assert.rejects(async () => collectOnce(collector(' 0: ro:x\n')), /expected local\/remote: "ro:x"/);
  await assert.rejects(async () => collectOnce(createDrbdCollector(temporaryRoots(t, {}))), NoDataError);
});
