import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBondingCollector } from './bonding.ts';
import { NoDataError } from './collector.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('counts slaves and those whose link is up, on kernels old and new', async (t) => {
  const net = 'sys/class/net';
  const roots = temporaryRoots(t, {
    [`${net}/bonding_masters`]: 'bond0 old empty\n',
    [`${net}/bond0/bonding/slaves`]: 'eth0 eth4\n',
    [`${net}/bond0/lower_eth0/bonding_slave/mii_status`]: 'up\n',
    [`${net}/bond0/lower_eth4/bonding_slave/mii_status`]: 'down\n',
    [`${net}/old/bonding/slaves`]: 'eth1\n',
    [`${net}/old/slave_eth1/bonding_slave/mii_status`]: 'up\n',
    [`${net}/empty/bonding/slaves`]: '\n',
  });
  const text = await renderOnce(createBondingCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_bonding_slaves'), [
    '{master="bond0"} 2',
    '{master="old"} 1',
    '{master="empty"} 0',
  ]);
  assert.deepEqual(samplesOf(text, 'node_bonding_active'), [
    '{master="bond0"} 1',
    '{master="old"} 1',
    '{master="empty"} 0',
  ]);
});

test('a kernel without the driver has no data', async (t) => {
  const roots = temporaryRoots(t, {});
  await assert.rejects(async () => renderOnce(createBondingCollector(roots)), NoDataError);
});
