import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Hierarchies, locateCgroup } from './cgroup-paths.ts';
import { FolderCounts, usersOf } from './folder-counts.ts';
import { ID_DB, ID_WEB } from './test-support.ts';

const V2: Hierarchies = { version: 2, folder: '/cg' };

test('a folder that has one group more or less is a change, a folder that is seen for the first time is none', () => {
  const links = new Map([['/cg/system.slice', 10]]);
  const counts = new FolderCounts((folder) => links.get(folder) ?? 0);
  assert.equal(counts.look(V2, [], []), false);
  assert.equal(counts.look(V2, [], []), false);
  links.set('/cg/system.slice', 11);
  assert.equal(counts.look(V2, [], []), true);
  assert.equal(counts.look(V2, [], []), false);
  links.set('/cg/docker', 2);
  assert.equal(counts.look(V2, [], []), true);
});

test('parents of known containers and pods are looked at too, and users of their own', () => {
  const asked: string[] = [];
  const counts = new FolderCounts((folder) => {
    asked.push(folder);
    return 2;
  });
  const pod = locateCgroup(V2, `0::/machine.slice/pod.slice/libpod-${ID_WEB}.scope\n`, ID_WEB);
  const own = locateCgroup(V2, `0::/mine/${ID_DB}\n`, ID_DB);
  assert.ok(pod !== null && own !== null);
  counts.look(V2, usersOf(['/run/user/1000/podman/podman.sock', '/run/docker.sock']), [pod, own]);
  assert.deepEqual(asked.slice(4), [
    '/cg/user.slice/user-1000.slice/user@1000.service/user.slice',
    '/cg/machine.slice/pod.slice',
    '/cg/mine',
  ]);
});

test('version 1 is looked at in one hierarchy, and nothing without any', () => {
  const asked: string[] = [];
  const counts = new FolderCounts((folder) => {
    asked.push(folder);
    return 2;
  });
  counts.look({ version: 1, folders: new Map() }, [], []);
  assert.deepEqual(asked, []);
  counts.look({ version: 1, folders: new Map([['pids', '/cg/pids']]) }, [], []);
  assert.equal(asked[0], '/cg/pids/system.slice');
});
