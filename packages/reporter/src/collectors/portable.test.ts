import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { ColumnRecorder } from './columns.ts';
import { createPortableCollector, writeFilesystems } from './portable.ts';
import { render, renderOnce, samplesOf } from './test-support.ts';

test('tells what this machine has', async () => {
  const text = await renderOnce(createPortableCollector(() => 1_772_000_000_000));
  const value = (family: string) => Number(samplesOf(text, family)[0]?.split(' ').at(-1));
  assert.equal(value('node_memory_total_bytes'), os.totalmem());
  assert.ok(value('node_memory_free_bytes') > 0);
  assert.equal(value('node_time_seconds'), 1_772_000_000);
  assert.ok(Math.abs(value('node_boot_time_seconds') - (1_772_000_000 - os.uptime())) < 2);
  assert.match(text, new RegExp(`node_uname_info\\{.*nodename="${os.hostname()}"`));
  assert.ok(samplesOf(text, 'node_filesystem_size_bytes').length > 0);
  assert.ok(samplesOf(text, 'node_network_receive_bytes_total').length > 0);
  assert.equal(samplesOf(text, 'node_load1').length, process.platform === 'win32' ? 0 : 1);
});

test('tells a mount once, though the package lists it twice', () => {
  const size = {
    fs: '/dev/disk1',
    type: 'APFS',
    size: 100,
    used: 60,
    available: 40,
    use: 60,
    mount: '/',
    rw: true,
  };
  const recorder = new ColumnRecorder({});
  writeFilesystems(recorder, [size, size]);
  const text = render(recorder.take());
  assert.deepEqual(samplesOf(text, 'node_filesystem_free_bytes'), [
    '{device="/dev/disk1",mountpoint="/",fstype="APFS"} 40',
  ]);
});
