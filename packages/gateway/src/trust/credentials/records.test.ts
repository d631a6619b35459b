/** The file in trouble: damaged, locked, replaced, far behind; and copies of it. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, open as openFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { CredentialStore } from './credential-store.ts';
import { CredentialsBusyError, explain } from './credentials-error.ts';
import type { NewCredential } from './new-credential.ts';
import { REMOVED_KEPT } from './schema.ts';

const NOW = 1_795_330_000_000;
const HOST: NewCredential = { kind: 'host', name: 'web-1', expiresAt: null, usesMax: null, pattern: null };

async function bench(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-records-'));
  const time = { now: NOW };
  const opened: { close(): void }[] = [];
  t.after(async () => {
    for (const each of opened) each.close();
    await rm(folder, { recursive: true, force: true });
  });
  const open = (busyMs = 0, where = folder) => {
    const store = CredentialStore.open({ folder: where, now: () => time.now, busyMs });
    opened.push(store);
    return store;
  };
  const path = join(folder, 'credentials.sqlite');
  const shell = () => {
    const db = new Database(path);
    opened.push(db);
    return db;
  };
  return { folder, path, time, open, shell };
}

/** In place, as a disk that lies does. */
async function overwrite(path: string, bytes: Uint8Array, at = 0): Promise<void> {
  const file = await openFile(path, 'r+');
  await file.write(bytes, 0, bytes.length, at);
  await file.close();
}

test('the file alone holds everything as soon as a command has ended', async (t) => {
  const { folder, path, open } = await bench(t);
  const store = open();
  const { token } = store.create(HOST);
  const copy = await mkdtemp(join(folder, 'copy-'));
  await copyFile(path, join(copy, 'credentials.sqlite'));
  assert.equal(open(0, copy).find(token)?.credential.name, 'web-1');
});

test('while the file cannot be read, memory answers, and nothing is lost afterwards', async (t) => {
  const { path, open } = await bench(t);
  const gateway = open();
  const { token, credential } = gateway.create(HOST);
  const told: string[] = [];
  gateway.listen((changes) => {
    for (const { kind } of changes) told.push(kind);
  });
  // A revocation that is in the file, but cannot be read: all but the first page, by which it is seen that there is one.
  open().revoke(credential.id);
  const good = await readFile(path);
  await overwrite(path, Buffer.alloc(good.length - 4096, 0xa5), 4096);
  assert.equal(gateway.poll(), false);
  assert.match(gateway.fault ?? '', /credentials\.sqlite, is damaged; put a copy of it back/);
  assert.equal(gateway.find(token)?.credential.revokedAt, null);
  assert.equal(gateway.find('tributary_host_unknown'), null);
  await overwrite(path, Buffer.alloc(4096, 0xa5));
  assert.equal(gateway.poll(), false);
  assert.equal(gateway.find('tributary_host_unknown'), null);
  assert.throws(() => gateway.create(HOST), { name: 'CredentialsError', message: /is damaged/ });
  await overwrite(path, good);
  assert.equal(gateway.poll(), true);
  assert.equal(gateway.fault, null);
  assert.equal(gateway.find(token)?.credential.revokedAt, NOW);
  await Promise.resolve();
  assert.deepEqual(told, ['revoked']);
});

test('a file that is moved away or put back is noticed, and the one that stands there is taken', async (t) => {
  const { path, open } = await bench(t);
  const gateway = open();
  const first = gateway.create(HOST);
  await copyFile(path, `${path}.copy`);
  const second = gateway.create({ ...HOST, name: 'web-2' });
  await rename(path, `${path}.away`);
  assert.equal(gateway.poll(), false);
  assert.match(gateway.fault ?? '', /was moved away or replaced/);
  assert.throws(() => gateway.create(HOST), /was moved away or replaced/);
  assert.equal(gateway.poll(), false);
  assert.match(gateway.fault ?? '', /there are no credentials in /);
  assert.ok(gateway.find(second.token));
  // Half of a copy is none, and is not filled with a schema either.
  await rename(`${path}.copy`, path);
  assert.equal(gateway.poll(), true);
  assert.equal(gateway.fault, null);
  assert.ok(gateway.find(first.token));
  assert.equal(gateway.find(second.token), null);
});

test('a file that is locked is waited for, and is a fault only after a while', async (t) => {
  const { time, open, shell } = await bench(t);
  const gateway = open();
  const { token } = gateway.create(HOST);
  const db = shell();
  db.exec('BEGIN EXCLUSIVE');
  assert.throws(() => gateway.create(HOST), CredentialsBusyError);
  assert.throws(() => gateway.create(HOST), /is locked by another program, such as a backup/);
  assert.equal(gateway.poll(), false);
  assert.equal(gateway.fault, null);
  assert.ok(gateway.find(token));
  assert.equal(gateway.find('tributary_host_unknown'), null);
  time.now += 5000;
  assert.equal(gateway.poll(), false);
  assert.match(gateway.fault ?? '', /is locked by another program/);
  db.exec('ROLLBACK');
  assert.equal(gateway.poll(), false);
  assert.equal(gateway.fault, null);
  gateway.create({ ...HOST, name: 'web-2' });
  assert.equal(gateway.list().length, 2);
});

test('only what was changed is read, and all of it by who is far behind', async (t) => {
  const { open, shell } = await bench(t);
  const gateway = open();
  gateway.create(HOST);
  const command = open();
  const away = command.create({ ...HOST, name: 'web-2' });
  assert.equal(gateway.poll(), true);
  await Promise.resolve();
  const db = shell();
  const told: string[] = [];
  gateway.listen((changes) => {
    for (const { kind, credential } of changes) told.push(`${kind} ${credential.name}`);
  });
  // By hand, too.
  db.prepare('DELETE FROM credentials WHERE id = ?').run(away.credential.id);
  assert.equal(gateway.poll(), true);
  await Promise.resolve();
  assert.deepEqual(told.splice(0), ['removed web-2']);
  assert.equal(gateway.find(away.token), null);
  // As many changes as are remembered, and a removal before them.
  const lost = command.create({ ...HOST, name: 'web-3' });
  assert.equal(gateway.poll(), true);
  db.transaction(() => {
    db.prepare('DELETE FROM credentials WHERE id = ?').run(lost.credential.id);
    const insert = db.prepare(
      "INSERT INTO credentials (id, kind, name, created_at) VALUES (?, 'scrape', 'x', 0)",
    );
    const remove = db.prepare('DELETE FROM credentials WHERE id = ?');
    for (let i = 0; i < REMOVED_KEPT / 2 + 1; i++) {
      insert.run(`x${i}`);
      remove.run(`x${i}`);
    }
  })();
  assert.equal(db.prepare('SELECT count(*) FROM removed').pluck().get(), REMOVED_KEPT / 2);
  assert.equal(gateway.poll(), true);
  assert.equal(gateway.find(lost.token), null);
  assert.equal(gateway.list().length, 1);
});

test('what a change that failed has done is undone in memory, too', async (t) => {
  const { open } = await bench(t);
  const store = open();
  const { credential, token } = store.create(HOST);
  const other = store.create({ ...HOST, name: 'web-2' });
  store.bindCertificate('web-3');
  assert.throws(() =>
    store.together(() => {
      store.revoke(credential.id);
      store.create({ ...HOST, kind: 'scrape', name: 'p' });
      store.release('web-3');
      store.renew(other.credential.id);
      throw new Error('the last of them fails');
    }),
  );
  assert.deepEqual(
    store
      .list()
      .map(({ name, revokedAt, renewing }) => [name, revokedAt, renewing])
      .sort(),
    [
      ['web-1', null, false],
      ['web-2', null, false],
      ['web-3', null, false],
    ],
  );
  assert.equal(store.has('scrape'), false);
  assert.ok(store.find(token));
  assert.equal(store.poll(), false);
});

test('an empty file in its place is not taken for credentials', async (t) => {
  const { path, open } = await bench(t);
  const gateway = open();
  const { token } = gateway.create(HOST);
  await writeFile(`${path}.new`, '');
  await rename(`${path}.new`, path);
  gateway.poll();
  assert.equal(gateway.poll(), false);
  assert.match(gateway.fault ?? '', /is empty/);
  assert.ok(gateway.find(token));
});

test('what SQLite refuses says what to do, and no stack', async (t) => {
  const { open, shell } = await bench(t);
  const store = open();
  store.create(HOST);
  const db = shell();
  db.exec(`CREATE TRIGGER full BEFORE INSERT ON credentials BEGIN SELECT RAISE(ABORT, 'x'); END`);
  assert.throws(() => store.create(HOST), { name: 'CredentialsError', message: /cannot use .*: x$/ });
  assert.equal(store.list().length, 1);
  for (const [code, todo] of [
    ['SQLITE_FULL', /^cannot use the file of the credentials, \/f: m; make room on its disk$/],
    ['SQLITE_READONLY', /must be writable: run this as the user that the gateway runs as/],
    ['SQLITE_IOERR_READ', /look at the disk/],
    ['SQLITE_BUSY_SNAPSHOT', /is locked by another program/],
  ] as const) {
    // The disk that refuses is not made here, only its answer.
    assert.match(explain('/f', Object.assign(new Error('m'), { code })).message, todo, code);
  }
});
