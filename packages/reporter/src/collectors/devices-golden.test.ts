/**
 * Every collector of devices on a made-up host that has them all, against one golden file, which is what node_exporter
 * 1.11.1 says of that host but for the order (and for systemd, which it needs a D-Bus for). UPDATE_GOLDEN=1 writes it anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { DEVICE_ENTRIES } from './device-entries.ts';
import { FIXTURE_SYSTEMCTL, GOLDEN_FILE, renderOnce, unpackRoots } from './test-support.ts';

const DEVICES_GOLDEN_FILE = join(dirname(GOLDEN_FILE), 'devices-golden.txt');

test('the exposition of a host with every kind of device', async (t) => {
  const roots = unpackRoots(t, 'devices.txt');
  const options = {
    roots,
    platform: 'linux',
    enabled: new Map(),
    now: () => 0,
    systemctl: FIXTURE_SYSTEMCTL,
  };
  let text = '';
  for (const { create } of DEVICE_ENTRIES) text += await renderOnce(create(options));
  // The label `path` of rapl says where its folder is.
  text = text.replaceAll(dirname(roots.sys), '');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(DEVICES_GOLDEN_FILE, text);
  assert.equal(text, readFileSync(DEVICES_GOLDEN_FILE, 'utf8'));
});
