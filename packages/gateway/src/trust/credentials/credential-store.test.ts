import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { stateOf } from './credential.ts';
import { CredentialStore } from './credential-store.ts';
import { CredentialsError } from './credentials-error.ts';
import { AGAIN_MS } from './join-verdict.ts';
import type { NewCredential } from './new-credential.ts';

const NOW = 1_795_330_000_000;
const DAY_MS = 86_400_000;

const JOIN: NewCredential = { kind: 'join', name: '', expiresAt: null, usesMax: null, pattern: null };

function hostNamed(name: string): NewCredential {
  return { ...JOIN, kind: 'host', name };
}

interface Bench {
  readonly folder: string;
  readonly time: { now: number };
  open(): CredentialStore;
}

async function bench(t: TestContext): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-credentials-'));
  const opened: CredentialStore[] = [];
  const time = { now: NOW };
  t.after(async () => {
    for (const store of opened) store.close();
    await rm(folder, { recursive: true, force: true });
  });
  const open = () => {
    const store = CredentialStore.open({ folder, now: () => time.now });
    opened.push(store);
    return store;
  };
  return { folder, time, open };
}

test('a token is found by itself alone, and nowhere in the file', async (t) => {
  const { folder, open } = await bench(t);
  const store = open();
  const { token, credential } = store.create(hostNamed('web-1'));
  assert.match(token, /^tributary_host_[A-Za-z0-9_-]{43}$/);
  assert.equal(store.find(token)?.credential.id, credential.id);
  assert.equal(store.find(`${token}x`), null);
  assert.equal(store.find(token.toLowerCase()), null);
  assert.equal(store.find('x'.repeat(10_000)), null);
  const again = open();
  assert.equal(again.find(token)?.credential.name, 'web-1');
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name));
    assert.equal(bytes.includes(token.slice('tributary_host_'.length)), false, name);
    assert.equal((await stat(join(folder, name))).mode & 0o077, 0, name);
  }
  assert.doesNotMatch(JSON.stringify(store.list()), /hash/i);
});

test('what another process writes is seen by the next poll, and at once by who shows it', async (t) => {
  const { open } = await bench(t);
  const gateway = open();
  const changes: string[] = [];
  gateway.listen((seen) => {
    for (const { kind, credential: each } of seen) changes.push(`${kind} ${each.name}`);
  });
  assert.equal(gateway.poll(), false);
  const command = open();
  const { token, credential } = command.create(hostNamed('web-1'));
  assert.equal(gateway.find(token)?.credential.name, 'web-1');
  await Promise.resolve();
  assert.deepEqual(changes.splice(0), ['made web-1']);
  assert.equal(gateway.poll(), false);
  command.revoke(credential.id);
  assert.equal(gateway.poll(), true);
  assert.equal(gateway.get(credential.id)?.revokedAt, NOW);
  await Promise.resolve();
  assert.deepEqual(changes.splice(0), ['revoked web-1']);
  // Its own writes are none of another; but what another wrote before them is not passed over.
  gateway.create(hostNamed('web-2'));
  assert.equal(gateway.poll(), false);
  command.create(hostNamed('web-3'));
  gateway.create(hostNamed('web-4'));
  await Promise.resolve();
  assert.deepEqual(changes.splice(0), ['made web-3']);
});

test('a change is made on what the file says, not on what was last read', async (t) => {
  const { open } = await bench(t);
  const gateway = open();
  const { credential } = gateway.create({ ...JOIN, usesMax: 1 });
  const command = open();
  command.revoke(credential.id);
  const enrolment = gateway.enrol(credential.id, { host: 'web-1', epoch: 'e1' });
  assert.deepEqual([enrolment.token, 'code' in enrolment && enrolment.code], [null, 'REVOKED']);
});

test('a join token becomes a host token, and the same spool gets another for a day', async (t) => {
  const { time, open } = await bench(t);
  const store = open();
  const { credential: joined } = store.create({ ...JOIN, usesMax: 1 });
  const first = store.enrol(joined.id, { host: 'web-1', epoch: 'e1' });
  assert.ok(first.token !== null);
  assert.equal(store.get(joined.id)?.uses, 1);
  const again = store.enrol(joined.id, { host: 'web-1', epoch: 'e1' });
  assert.ok(again.token !== null && again.token !== first.token);
  assert.equal(again.credential.id, first.credential.id);
  assert.equal(store.get(joined.id)?.uses, 1);
  // The one before is good for nothing any more.
  assert.equal(store.find(first.token), null);
  assert.equal(store.isCurrent(first.credential.id, first.hash), false);
  assert.equal(store.isCurrent(again.credential.id, again.hash), true);
  const other = store.enrol(joined.id, { host: 'web-2', epoch: 'e2' });
  assert.equal('code' in other && other.code, 'UNAUTHORIZED');
  assert.equal(store.mayRepeat(joined.id), true);
  time.now += AGAIN_MS;
  assert.equal(store.mayRepeat(joined.id), false);
  const late = store.enrol(joined.id, { host: 'web-1', epoch: 'e1' });
  assert.equal('code' in late && late.code, 'NAME_TAKEN');
  assert.equal(open().find(again.token)?.credential.parent, joined.id);
});

test('revoking a join token leaves its hosts, unless they are to go, too', async (t) => {
  const { open } = await bench(t);
  const store = open();
  const { credential: joined } = store.create(JOIN);
  for (const host of ['a', 'b']) store.enrol(joined.id, { host, epoch: host });
  assert.equal(store.revoke(joined.id).length, 1);
  assert.equal(store.list().filter((each) => stateOf(each, NOW) === 'valid').length, 2);
  assert.equal(store.revoke(joined.id, true).length, 2);
  assert.equal(store.revoke(joined.id, true).length, 0);
  assert.throws(() => store.revoke('none'), { name: 'CredentialsError', message: /no credential "none"/ });
});

test('a rotated token is good until the new one is used', async (t) => {
  const { open } = await bench(t);
  const store = open();
  const { token: old, credential } = store.create(hostNamed('web-1'));
  const { id } = credential;
  const oldHash = store.find(old)?.hash ?? '';
  assert.equal(store.nextToken(id), null);
  assert.equal(store.mustChange(id, oldHash), false);
  store.renew(id);
  assert.equal(store.mustChange(id, oldHash), true);
  const lost = store.nextToken(id) ?? '';
  // The host did not write that one down, and is given another.
  const next = store.nextToken(id) ?? '';
  assert.equal(store.find(lost), null);
  const nextHash = store.find(next)?.hash ?? '';
  assert.equal(store.takeIntoUse(id, oldHash), false);
  assert.ok(store.isCurrent(id, oldHash) && store.isCurrent(id, nextHash));
  assert.equal(store.takeIntoUse(id, nextHash), true);
  assert.equal(store.find(old), null);
  assert.equal(store.mustChange(id, nextHash), false);
  assert.equal(open().find(next)?.credential.id, id);
  const { credential: scraper } = store.create({ ...JOIN, kind: 'scrape', name: 'p' });
  assert.throws(() => store.renew(scraper.id), /make another with "token create"/);
  const { credential: expired } = store.create({ ...hostNamed('web-2'), expiresAt: NOW });
  assert.throws(() => store.renew(expired.id), /has expired and cannot be rotated; make another/);
});

test('a role that ever had a credential stays closed', async (t) => {
  const { open } = await bench(t);
  const store = open();
  assert.equal(store.has('host', 'join', 'certificate'), false);
  const { credential } = store.create(hostNamed('web-1'));
  store.revoke(credential.id);
  assert.equal(store.has('host', 'join', 'certificate'), true);
  assert.equal(store.has('scrape'), false);
  assert.equal(open().has('host'), true);
});

test('what is long dead is forgotten, but not that there was something', async (t) => {
  const { time, open } = await bench(t);
  const store = open();
  const dead = store.create(hostNamed('web-1')).credential;
  const { credential: joined } = store.create(JOIN);
  const banned = store.enrol(joined.id, { host: 'web-2', epoch: 'e' });
  assert.ok(banned.token !== null);
  for (const id of [dead.id, banned.credential.id]) store.revoke(id);
  time.now += 91 * DAY_MS;
  const ids = (of: CredentialStore) =>
    of
      .list()
      .map(({ id }) => id)
      .sort();
  // The banned host could come back by the join token, which is still good.
  assert.deepEqual(ids(open()), [joined.id, banned.credential.id].sort());
  open().revoke(joined.id);
  time.now += 91 * DAY_MS;
  const last = open();
  assert.deepEqual(ids(last), [joined.id, banned.credential.id].sort());
  assert.equal(last.has('host'), true);
  const { credential: fresh } = last.create(hostNamed('web-3'));
  assert.deepEqual(ids(open()), [joined.id, fresh.id].sort());
});

test('a revoked certificate stays so for ever, also one that never came', async (t) => {
  const { time, open } = await bench(t);
  const store = open();
  store.bindCertificate('web-1');
  assert.equal(store.revokeCertificate('web-1').length, 1);
  assert.equal(store.revokeCertificate('web-1').length, 0);
  assert.equal(store.revokeCertificate('web-2').length, 1);
  // Of the same kind and alive, so that not these alone remember the kind.
  store.bindCertificate('web-3');
  store.bindCertificate('web-2');
  time.now += 1000 * DAY_MS;
  const later = open();
  for (const host of ['web-1', 'web-2']) assert.equal(later.certificateOf(host)?.revokedAt, NOW, host);
  assert.equal(later.certificateOf('web-3')?.revokedAt, null);
});

test('a limit counts what was not revoked, and the oldest that is dead makes room', async (t) => {
  const { folder, time } = await bench(t);
  const store = CredentialStore.open({ folder, now: () => time.now, liveMax: 3, deadMax: 5 });
  t.after(() => store.close());
  const { credential: joined } = store.create(JOIN);
  const banned = store.enrol(joined.id, { host: 'banned', epoch: 'e' });
  assert.ok(banned.token !== null);
  store.revoke(banned.credential.id);
  store.revokeCertificate('banned');
  for (let i = 0; i < 20; i++) {
    time.now++;
    store.revoke(store.create(hostNamed(`web-${i}`)).credential.id);
  }
  store.create(hostNamed('a'));
  store.create(hostNamed('b'));
  assert.throws(() => store.create(hostNamed('c')), /keeps no more than 3 credentials; revoke what/);
  assert.equal(store.judge(joined.id, { host: 'c', epoch: 'e' })?.code, 'RATE');
  store.revokeHost('a');
  store.create(hostNamed('c'));
  store.close();
  const again = CredentialStore.open({ folder, now: () => time.now, deadMax: 5 });
  t.after(() => again.close());
  const names = again
    .list()
    .filter(({ revokedAt }) => revokedAt !== null)
    .map(({ name }) => name);
  assert.deepEqual(names.sort(), ['a', 'banned', 'banned', 'web-18', 'web-19']);
  assert.equal(again.judge(joined.id, { host: 'banned', epoch: 'e' })?.code, 'REVOKED');
});

test('a certificate binds a name, and leaving frees what a host got by itself', async (t) => {
  const { open } = await bench(t);
  const store = open();
  store.bindCertificate('web-1');
  store.bindCertificate('web-1');
  assert.equal(store.list().length, 1);
  const { credential: joined } = store.create(JOIN);
  assert.equal(store.judge(joined.id, { host: 'web-1', epoch: 'e' })?.code, 'NAME_TAKEN');
  const enrolment = store.enrol(joined.id, { host: 'web-2', epoch: 'e' });
  const made = store.create(hostNamed('web-3'));
  for (const host of ['web-1', 'web-2', 'web-3']) store.release(host);
  assert.equal(store.certificateOf('web-1'), undefined);
  assert.equal(enrolment.token !== null && store.find(enrolment.token), null);
  assert.equal(store.find(made.token)?.credential.name, 'web-3');
  assert.equal(store.judge(joined.id, { host: 'web-2', epoch: 'new' }), null);
});

test('several changes are one commit, and none is kept when one fails', async (t) => {
  const { open } = await bench(t);
  const store = open();
  assert.throws(() =>
    store.together(() => {
      store.create(hostNamed('a'));
      throw new Error('the disk is full');
    }),
  );
  assert.deepEqual([store.list().length, open().list().length], [0, 0]);
});

test('when a token was used is written down in the end', async (t) => {
  const { time, open } = await bench(t);
  const store = open();
  const { credential } = store.create(hostNamed('a'));
  time.now += 5000;
  store.used(credential.id);
  store.saveUses();
  assert.equal(open().get(credential.id)?.usedAt, NOW + 5000);
  // To the minute: a scraper is no reason for a commit every few seconds.
  for (const later of [59_999, 60_000]) {
    time.now = NOW + 5000 + later;
    store.used(credential.id);
    store.saveUses();
    assert.equal(open().get(credential.id)?.usedAt, NOW + 5000 + (later === 60_000 ? later : 0));
  }
});

test('a file that is damaged or newer is left as it is, and said so', async (t) => {
  const { folder, open } = await bench(t);
  const path = join(folder, 'credentials.sqlite');
  const rubbish = randomBytes(8192);
  await writeFile(path, rubbish);
  assert.throws(
    open,
    (error) => error instanceof CredentialsError && /is damaged; put a copy of it back/.test(error.message),
  );
  assert.deepEqual(await readFile(path), rubbish);
  await rm(path);
  open().close();
  const db = new Database(path);
  db.pragma('user_version = 99');
  db.close();
  assert.throws(open, /is of a newer version of the gateway \(schema 99/);
  await rm(path);
  open().close();
  const other = new Database(path);
  other.exec('DROP TABLE removed');
  other.close();
  assert.throws(open, { name: 'CredentialsError', message: /^cannot use .*: no such table: removed$/ });
});
