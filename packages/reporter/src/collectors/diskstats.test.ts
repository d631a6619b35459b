import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseUdevProperties } from './disk-info.ts';
import { createDiskstatsCollector, keepDiskByDefault, parseDiskstats } from './diskstats.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const ELEVEN = '1 2 3 4 5 6 7 8 9 10 11';

test('keeps disks and leaves out partitions, loop devices and RAM disks', () => {
  const names = [
    'loop0',
    'ram1',
    'zram0',
    'fd0',
    'sda',
    'sda1',
    'vda',
    'vda12',
    'xvdb',
    'xvdb1',
    'hda3',
    'nvme0n1',
  ];
  names.push('nvme0n1p2', 'dm-0', 'md127', 'sr0', 'mmcblk0', 'mmcblk0p1', 'cciss/c0d0');
  const text = names.map((name, i) => `   8  ${i} ${name} ${ELEVEN}\n`).join('');
  assert.deepEqual(
    parseDiskstats(text, keepDiskByDefault).map(({ device }) => device),
    ['sda', 'vda', 'xvdb', 'nvme0n1', 'dm-0', 'md127', 'sr0', 'mmcblk0', 'mmcblk0p1', 'cciss/c0d0'],
  );
});

test('an old kernel has fewer columns, and a future one more', () => {
  const counters = (columns: string) =>
    parseDiskstats(`8 0 sda ${columns}\n`, keepDiskByDefault)[0]?.counters;
  assert.equal(counters(ELEVEN)?.length, 11);
  assert.equal(counters(`${ELEVEN} 12 13 14 15`)?.length, 15);
  assert.equal(counters(`${ELEVEN} 12 13 14 15 16 17 18 19`)?.length, 17);
});

test('a cut line and garbage are errors', () => {
  assert.throws(() => parseDiskstats('8 0 sda 1 2 3', keepDiskByDefault), /too few fields: "8 0 sda 1 2 3"/);
  assert.throws(() => parseDiskstats('8 0', keepDiskByDefault), /too few fields: "8 0"/);
  const garbled = `8 0 sda ${ELEVEN.replace('4', 'four')}`;
  assert.throws(() => parseDiskstats(garbled, keepDiskByDefault), /four is no number/);
});

test('of a udev file only the properties are taken', () => {
  const properties = parseUdevProperties('S:disk/by-id/x\nE:ID_MODEL=A=B\nE:broken\nI:12\nE:ID_WWN=\n');
  assert.deepEqual(Object.fromEntries(properties), { ID_MODEL: 'A=B', ID_WWN: '' });
});

test('the serial number is the one on the label if udev knows it', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/diskstats': `8 0 sda ${ELEVEN}\n`,
    'root/run/udev/data/b8:0': 'E:ID_SERIAL=long\nE:ID_SERIAL_SHORT=short\nE:SCSI_IDENT_SERIAL=label\n',
  });
  const path = join(roots.root, 'run/udev/data/b8:0');
  const collector = createDiskstatsCollector(roots);
  const serial = async () =>
    /serial="(\w+)"/.exec(samplesOf(await renderOnce(collector), 'node_disk_info')[0] ?? '')?.[1];
  assert.equal(await serial(), 'label');
  writeFileSync(path, 'E:ID_SERIAL=long\nE:ID_SERIAL_SHORT=short\n');
  assert.equal(await serial(), 'short', 'the file is read again when it changed');
  writeFileSync(path, 'E:ID_SERIAL=long\n');
  assert.equal(await serial(), 'long');
});

test('without udev and sysfs a disk still has its line of information', async (t) => {
  const roots = temporaryRoots(t, { 'proc/diskstats': `8 0 cciss/c0d0 ${ELEVEN}\n` });
  assert.deepEqual(samplesOf(await renderOnce(createDiskstatsCollector(roots)), 'node_disk_info'), [
    '{device="cciss/c0d0",major="8",minor="0",rotational="0"} 1',
  ]);
});

test('ATA values that are no numbers are left out', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/diskstats': `8 0 sda ${ELEVEN}\n`,
    'root/run/udev/data/b8:0': 'E:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_ROTATION_RATE_RPM=unknown\n',
  });
  const text = await renderOnce(createDiskstatsCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_disk_ata_write_cache'), ['{device="sda"} 1']);
  assert.doesNotMatch(text, /rotation_rate/);
});
