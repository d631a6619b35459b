import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from './collector-options.ts';
import { createFilesystemCollector, FILESYSTEM_OPTIONS, mountFilter } from './filesystem.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const mount = (device: string, mountPoint: string, fsType: string) =>
  `28 1 253:0 / ${mountPoint} rw,relatime shared:1 - ${fsType} ${device} rw\n`;

const { keepMountPoint, keepType } = mountFilter(defaultsOf(FILESYSTEM_OPTIONS));

const statfs = async () => ({ bsize: 4096, blocks: 100, bfree: 50, bavail: 40, files: 10, ffree: 5 });

test('leaves out the mount points and types that node_exporter leaves out', () => {
  for (const path of ['/dev', '/dev/shm', '/proc', '/sys/fs', '/run/credentials/x', '/var/lib/docker/y/z']) {
    assert.ok(!keepMountPoint(path), path);
  }
  for (const path of [
    '/',
    '/home',
    '/run',
    '/run/user/1000',
    '/mnt/dev',
    '/devices',
    '/var/lib/docker',
    '/system',
  ]) {
    assert.ok(keepMountPoint(path), path);
  }
  for (const type of ['overlay', 'cgroup', 'cgroup2', 'squashfs', 'erofs']) {
    assert.ok(!keepType(type), type);
  }
  for (const type of ['ext4', 'tmpfs', 'nfs4', 'fuse.sshfs', 'ramfs', 'fuse.overlayfs']) {
    assert.ok(keepType(type), type);
  }
});

test('tells each series once, though mounts lie on one another', async (t) => {
  const table = mount('/dev/a', '/x', 'ext4') + mount('/dev/a', '/x', 'ext4') + mount('/dev/b', '/x', 'ext4');
  const roots = temporaryRoots(t, { 'proc/1/mountinfo': table });
  const text = await renderOnce(createFilesystemCollector(roots, { statfs }));
  assert.deepEqual(samplesOf(text, 'node_filesystem_avail_bytes'), [
    '{device="/dev/a",mountpoint="/x",fstype="ext4"} 163840',
    '{device="/dev/b",mountpoint="/x",fstype="ext4"} 163840',
  ]);
  assert.equal(samplesOf(text, 'node_filesystem_mount_info').length, 2);
});

test('a hung network mount is told with device_error, and the others with their sizes', async (t) => {
  const table = mount('silt:/export', '/srv', 'nfs4') + mount('sshfs#x', '/home/x', 'fuse.sshfs');
  const roots = temporaryRoots(t, { 'proc/1/mountinfo': table + mount('/dev/a', '/', 'ext4') });
  const asked: string[] = [];
  const collector = createFilesystemCollector(roots, {
    timeoutMs: 20,
    statfs: (path) => {
      asked.push(path);
      return path.endsWith('/srv') ? new Promise(() => {}) : statfs();
    },
  });
  for (let tick = 0; tick < 2; tick++) {
    const text = await renderOnce(collector);
    assert.deepEqual(samplesOf(text, 'node_filesystem_device_error'), [
      '{device="silt:/export",mountpoint="/srv",fstype="nfs4",device_error="mountpoint timeout"} 1',
      '{device="sshfs#x",mountpoint="/home/x",fstype="fuse.sshfs",device_error="mountpoint timeout"} 1',
      '{device="/dev/a",mountpoint="/",fstype="ext4"} 0',
    ]);
    assert.equal(samplesOf(text, 'node_filesystem_size_bytes').length, 1);
    assert.equal(samplesOf(text, 'node_filesystem_readonly').length, 3);
  }
  assert.equal(asked.length, 3, 'the hung mount once, the local one in each tick, and no other remote one');
});

test('asks the system for a mount point beneath the root, and tells why it cannot', async (t) => {
  const table = mount('/dev/a', '/', 'ext4') + mount('/dev/b', '/missing', 'ext4');
  const roots = temporaryRoots(t, { 'proc/1/mountinfo': table, 'root/file': '' });
  const text = await renderOnce(createFilesystemCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_filesystem_device_error'), [
    '{device="/dev/a",mountpoint="/",fstype="ext4"} 0',
    '{device="/dev/b",mountpoint="/missing",fstype="ext4",device_error="no such file or directory"} 1',
  ]);
});
