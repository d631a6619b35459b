import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryRoots } from '../test-support.ts';
import { findHierarchies, type Hierarchies, locateCgroup, parseCgroups } from './cgroup-paths.ts';
import { ID_WEB } from './test-support.ts';

const V2: Hierarchies = { version: 2, folder: '/sys/fs/cgroup' };

function pathIn(cgroup: string): string | undefined {
  return locateCgroup(V2, `0::${cgroup}\n`, ID_WEB)?.path;
}

test('version 2: the group is the component with the id, under every driver and however deep the process is', () => {
  const expected: Readonly<Record<string, string | undefined>> = {
    [`/docker/${ID_WEB}`]: `/docker/${ID_WEB}`,
    [`/system.slice/docker-${ID_WEB}.scope`]: `/system.slice/docker-${ID_WEB}.scope`,
    [`/system.slice/docker-${ID_WEB}.scope/init.scope`]: `/system.slice/docker-${ID_WEB}.scope`,
    [`/machine.slice/libpod-${ID_WEB}.scope/container`]: `/machine.slice/libpod-${ID_WEB}.scope`,
    [`/libpod_parent/libpod-${ID_WEB}`]: `/libpod_parent/libpod-${ID_WEB}`,
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID_WEB}.scope/container`]: `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID_WEB}.scope`,
    [`/../../system.slice/docker-${ID_WEB}.scope`]: `/system.slice/docker-${ID_WEB}.scope`,
    '/user.slice/session-1.scope': undefined,
    '/': undefined,
    [`/docker/${ID_WEB} (deleted)`]: undefined,
    [`/a/../../${ID_WEB}`]: undefined,
  };
  for (const [cgroup, path] of Object.entries(expected)) assert.equal(pathIn(cgroup), path, cgroup);
});

test('version 2: every controller is in the same folder, and processes are where the first one is', () => {
  const found = locateCgroup(V2, `0::/machine.slice/libpod-${ID_WEB}.scope/container\n`, ID_WEB);
  assert.equal(found?.folderOf('memory'), `/sys/fs/cgroup/machine.slice/libpod-${ID_WEB}.scope`);
  assert.equal(found?.processFolder, `/sys/fs/cgroup/machine.slice/libpod-${ID_WEB}.scope/container`);
});

test('version 1: each controller has its folder, however they are mounted together', (t) => {
  const { sys } = temporaryRoots(t, {
    'sys/fs/cgroup/cpu,cpuacct/tasks': '',
    'sys/fs/cgroup/memory/tasks': '',
    'sys/fs/cgroup/unified/cgroup.controllers': '',
  });
  const hierarchies = findHierarchies(sys);
  const text = `11:memory:/docker/${ID_WEB}\n4:cpuacct,cpu:/docker/${ID_WEB}\n3:pids:/docker/${ID_WEB}\n0::/\n`;
  const found = locateCgroup(hierarchies, text, ID_WEB);
  assert.equal(found?.path, `/docker/${ID_WEB}`);
  assert.equal(found.folderOf('cpu'), `${sys}/fs/cgroup/cpu,cpuacct/docker/${ID_WEB}`);
  assert.equal(found.folderOf('cpuacct'), found.folderOf('cpu'));
  assert.equal(found.folderOf('memory'), `${sys}/fs/cgroup/memory/docker/${ID_WEB}`);
  assert.equal(found.folderOf('pids'), null);
  assert.equal(found.folderOf('blkio'), null);
  assert.equal(locateCgroup(hierarchies, '11:memory:/\n4:cpu,cpuacct:/\n', ID_WEB), null);
});

test('which version is mounted, and none at all', (t) => {
  const { sys } = temporaryRoots(t, { 'sys/fs/cgroup/cgroup.controllers': 'cpu io memory pids\n' });
  assert.deepEqual(findHierarchies(sys), { version: 2, folder: `${sys}/fs/cgroup` });
  assert.deepEqual(findHierarchies(temporaryRoots(t, {}).sys), { version: 1, folders: new Map() });
});

test('lines that are none, and paths with colons', () => {
  assert.deepEqual(
    [...parseCgroups('x\n:\n5:name=systemd:/a:b\n\n0::/c\n')],
    [
      ['name=systemd', '/a:b'],
      ['', '/c'],
    ],
  );
});
