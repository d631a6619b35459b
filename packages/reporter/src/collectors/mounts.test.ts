import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMountReader, parseMounts } from './mounts.ts';
import { temporaryRoots } from './test-support.ts';

const ROOT = '28 1 253:0 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n';

test('parses any number of optional fields, and undoes escapes', () => {
  const text = `${ROOT}36 28 259:1 / /a\\040b\\134c ro,noatime shared:3 master:4 - xfs /dev/sdb1 rw,noquota\n`;
  assert.deepEqual(parseMounts(text), [
    { device: '/dev/sda1', mountPoint: '/', fsType: 'ext4', major: '253', minor: '0', readOnly: false },
    { device: '/dev/sdb1', mountPoint: '/a b\\c', fsType: 'xfs', major: '259', minor: '1', readOnly: true },
  ]);
});

test('no optional field, an empty source, and a filesystem that is read-only as a whole', () => {
  const text =
    '40 28 0:46 / /mnt rw - tmpfs  rw\n41 28 0:47 / /x rw,errors=remount-ro - btrfs /dev/sdb ro,space\n';
  assert.deepEqual(
    parseMounts(text).map(({ device, readOnly }) => [device, readOnly]),
    [
      ['', false],
      ['/dev/sdb', true],
    ],
  );
});

test('a cut line is an error that shows it', () => {
  assert.throws(() => parseMounts('28 1 253:0 / /'), /malformed mount: "28 1 253:0 \/ \/"/);
  assert.throws(() => parseMounts('28 1 253:0 / / rw shared:1 - ext4 /dev/sda1\n'), /malformed mount/);
  assert.throws(() => parseMounts('28 1 253 / / rw shared:1 - ext4 /dev/sda1 rw\n'), /malformed mount/);
});

test('falls back to its own mounts when those of the first process are hidden', (t) => {
  const roots = temporaryRoots(t, { 'proc/self/mountinfo': ROOT });
  assert.deepEqual(
    createMountReader(roots)().map(({ mountPoint }) => mountPoint),
    ['/'],
  );
});

test('the same table comes back until its text changes', (t) => {
  const roots = temporaryRoots(t, { 'proc/1/mountinfo': ROOT });
  const read = createMountReader(roots);
  const first = read();
  assert.equal(read(), first);
  writeFileSync(join(roots.proc, '1/mountinfo'), ROOT + ROOT.replace(' / / ', ' / /home '));
  assert.equal(read().length, 2);
});

test('takes the root off mount points beneath it', (t) => {
  const roots = temporaryRoots(t, {
    'proc/1/mountinfo': ['/host', '/host/srv', '/hosts']
      .map((at) => ROOT.replace(' / / ', ` / ${at} `))
      .join(''),
  });
  const points = createMountReader({ ...roots, root: '/host' })().map(({ mountPoint }) => mountPoint);
  assert.deepEqual(points, ['/', '/srv', '/hosts']);
});
