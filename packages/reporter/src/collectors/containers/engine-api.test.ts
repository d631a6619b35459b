import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createEngineApi, decodeDetails, decodeList, explain } from './engine-api.ts';
import { ID_DB, ID_WEB, serveRuntime, temporaryFolder } from './test-support.ts';

const WEB = { id: ID_WEB, name: 'web', image: 'nginx:1.27', pid: 4242, labels: { 'a.b': 'c' } };

test('what runs, and what is told of a container', async (t) => {
  const { socket, asked } = await serveRuntime(t, [WEB]);
  const api = createEngineApi(/^a/);
  assert.deepEqual(await api.list(socket), [{ id: ID_WEB, name: 'web', createdSeconds: 1_771_999_000 }]);
  assert.deepEqual(await api.inspect(socket, ID_WEB), {
    id: ID_WEB,
    name: 'web',
    image: 'nginx:1.27',
    pid: 4242,
    createdSeconds: 1_771_999_000,
    startedSeconds: 1_771_999_001,
    hasOwnNetwork: true,
    own: { pairs: ['container_label_a_b', 'c'], leftOut: 0 },
  });
  assert.equal(await api.inspect(socket, ID_DB), null);
  assert.deepEqual(asked, ['/containers/json', `/containers/${ID_WEB}/json`, `/containers/${ID_DB}/json`]);
});

test('networks that are not the container’s own', () => {
  const own = (NetworkMode: unknown) =>
    decodeDetails({ Id: ID_WEB, State: { Pid: 1 }, HostConfig: { NetworkMode } }, null)?.hasOwnNetwork;
  assert.deepEqual(
    [own('host'), own(`container:${ID_DB}`), own('bridge'), own(undefined)],
    [false, false, true, true],
  );
});

test('what is no answer of a runtime is refused', () => {
  for (const bad of [
    null,
    {},
    'x',
    [{}],
    [{ Id: '../../etc' }],
    [{ Id: 'A'.repeat(64) }],
    [{ Id: 'a'.repeat(63) }],
    [{ Id: 7 }],
  ]) {
    assert.equal(decodeList(bad), null);
  }
  for (const bad of [
    null,
    [],
    { Id: ID_WEB },
    { Id: ID_WEB, State: { Pid: '1' } },
    { Id: ID_WEB, State: { Pid: -1 } },
  ]) {
    assert.equal(decodeDetails(bad, null), null);
  }
  const bare = decodeDetails({ Id: ID_WEB, State: { Pid: 5 }, Config: { Labels: { a: 1, b: 'x' } } }, /./);
  assert.deepEqual(
    [bare?.name, bare?.image, bare?.own.pairs, bare?.startedSeconds],
    ['', '', ['container_label_b', 'x'], null],
  );
  assert.deepEqual(decodeList([{ Id: ID_WEB, Names: null }]), [{ id: ID_WEB, name: '', createdSeconds: 0 }]);
});

test('no more is kept of a container than is told', () => {
  const long = 'x'.repeat(300_000);
  const labels = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`l${1000 + i}`, 'y'.repeat(40)]));
  const value = {
    Id: ID_WEB,
    Name: long,
    State: { Pid: 1 },
    Config: { Image: `${long}\ud83d\ude00`, Labels: { ...labels, long } },
  };
  const details = decodeDetails(value, /./);
  assert.ok(details !== null);
  assert.deepEqual([details.name, details.image], ['x'.repeat(2048), 'x'.repeat(2048)]);
  assert.deepEqual([details.own.pairs.length, details.own.leftOut], [2 * 24, 1001 - 24]);
  assert.ok(JSON.stringify(details).length < 8_000);
  assert.deepEqual(decodeDetails(value, null)?.own, { pairs: [], leftOut: 0 });
  assert.equal(decodeList([{ Id: ID_WEB, Names: [long] }])?.[0]?.name.length, 2048);
});

test('garbage, errors, and an answer without an end cost that answer', async (t) => {
  const runtime = await serveRuntime(t, []);
  const api = createEngineApi(/^a/);
  const list = () => api.list(runtime.socket);
  runtime.answer = (_request, response) => response.end('<html>');
  await assert.rejects(
    list,
    new RegExp(`^Error: ${runtime.socket}: the answer is not that of Docker or Podman`),
  );
  runtime.answer = (_request, response) => response.writeHead(500).end('{}');
  await assert.rejects(list, /answered 500 to \/containers\/json/);
  runtime.answer = (_request, response) => response.writeHead(404).end('{}');
  await assert.rejects(list, /not that of Docker/);
  runtime.answer = (_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write('[[[[[[[['.repeat(8192)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  await assert.rejects(list, /is longer than 4194304 bytes/);
  runtime.answer = (_request, response) => {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('[');
    response.socket?.end();
  };
  await assert.rejects(list, /aborted/);
  runtime.answer = null;
  assert.deepEqual(await list(), []);
});

test('a runtime that does not answer, or not to the end, is given up', async (t) => {
  const runtime = await serveRuntime(t, []);
  const hasty = createEngineApi(null, 50);
  runtime.answer = () => {};
  await assert.rejects(hasty.list(runtime.socket), /no answer within 0\.05 s/);
  runtime.answer = (_request, response) => response.write('[');
  await assert.rejects(hasty.inspect(runtime.socket, ID_WEB), /no answer within 0\.05 s/);
});

test('no socket, nobody behind it, and no permission are told apart', async (t) => {
  const path = join(temporaryFolder(t), 'none.sock');
  const api = createEngineApi(/^a/);
  await assert.rejects(api.list(path), /none\.sock: there is no such socket/);
  writeFileSync(path, '');
  await assert.rejects(api.list(path), /none\.sock: nobody listens there/);
  // Tests may run as root, to whom nothing is forbidden.
  assert.match(
    explain(Object.assign(new Error('connect EACCES'), { code: 'EACCES' })),
    /add the user of the reporter/,
  );
});
