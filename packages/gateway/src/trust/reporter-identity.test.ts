import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RefuseError } from '@tributary/shared/errors';
import { CredentialStore } from './credentials/credential-store.ts';
import type { NewCredential } from './credentials/new-credential.ts';
import type { Principal } from './principal.ts';
import { identityOf, type ReporterIdentity } from './reporter-identity.ts';
import { WriteQueue } from './write-queue.ts';

const NOW = 1_795_330_000_000;
const WEB_1 = { host: 'web-1', epoch: 'e1' };
const JOIN: NewCredential = { kind: 'join', name: '', expiresAt: null, usesMax: null, pattern: null };
const HOST: NewCredential = { ...JOIN, kind: 'host', name: 'web-1' };

async function bench(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-identity-'));
  const state = { now: NOW, isOpen: true, certificatesChanged: false };
  const store = CredentialStore.open({ folder, now: () => state.now });
  t.after(async () => {
    store.close();
    await rm(folder, { recursive: true, force: true });
  });
  const joined: string[] = [];
  const known = new Map<string, string>();
  const held = new Map<string, unknown>();
  const parts = {
    store,
    writes: new WriteQueue(store),
    isOpen: () => state.isOpen,
    certificatesChanged: () => state.certificatesChanged,
    knownEpoch: (host: string) => known.get(host) ?? null,
    holderOf: (host: string) => held.get(host),
    againMs: () => 777,
    onJoined: ({ name }: { name: string }) => void joined.push(name),
    now: () => state.now,
  };
  const identify = (principal: Principal) => identityOf(principal, parts);
  const byToken = (token: string): ReporterIdentity => {
    const found = store.find(token);
    assert.ok(found !== null);
    return identify({ kind: 'token', ...found });
  };
  return { store, state, identify, byToken, joined, known, held };
}

const told = (error: RefuseError | null) => (error === null ? null : error.code);

test('a host token speaks for its host alone, until it is revoked or expires', async (t) => {
  const { store, state, byToken } = await bench(t);
  const { token, credential } = store.create({ ...HOST, expiresAt: NOW + 1000 });
  const identity = byToken(token);
  assert.equal(told(identity.refusalOf({ host: 'web-2', epoch: 'e' })), 'UNAUTHORIZED');
  assert.equal(identity.refusalOf(WEB_1), null);
  assert.equal(identity.mustGrant(WEB_1), false);
  assert.equal(identity.lapsed(), null);
  state.now += 1000;
  assert.equal(told(identity.lapsed()), 'UNAUTHORIZED');
  store.revoke(credential.id);
  assert.equal(told(identity.lapsed()), 'REVOKED');
});

test('a join token gives a token at the first contact, and the connection lives and dies with it', async (t) => {
  const { store, byToken, joined } = await bench(t);
  const { token, credential } = store.create({ ...JOIN, usesMax: 1, pattern: 'web-*' });
  assert.equal(told(byToken(token).refusalOf({ host: 'db-1', epoch: 'e' })), 'UNAUTHORIZED');
  const identity = byToken(token);
  assert.equal(identity.refusalOf(WEB_1), null);
  assert.equal(identity.mustGrant(WEB_1), true);
  const own = await identity.grant(WEB_1);
  assert.ok(own !== null);
  assert.equal(store.find(own)?.credential.name, 'web-1');
  assert.deepEqual(joined, ['web-1']);
  assert.equal(told(byToken(token).refusalOf({ host: 'web-1', epoch: 'e2' })), 'NAME_TAKEN');
  assert.equal(told(byToken(token).refusalOf({ host: 'web-2', epoch: 'e2' })), 'UNAUTHORIZED');
  // What was joined stays when the join token goes.
  store.revoke(credential.id);
  assert.equal(identity.lapsed(), null);
  assert.equal(byToken(own).refusalOf(WEB_1), null);
  store.revoke(store.find(own)?.credential.id ?? '');
  assert.equal(told(identity.lapsed()), 'REVOKED');
});

test('a host that has just joined is given another token when a person rotates it', async (t) => {
  const { store, byToken } = await bench(t);
  const identity = byToken(store.create(JOIN).token);
  assert.equal(identity.refusalOf(WEB_1), null);
  const own = (await identity.grant(WEB_1)) ?? '';
  assert.equal(identity.lapsed(), null);
  const id = store.find(own)?.credential.id ?? '';
  store.saveUses();
  assert.equal(store.get(id)?.usedAt, NOW);
  store.renew(id);
  assert.equal(told(identity.lapsed()), 'DRAINING');
});

test('a host whose new token is being made is not sent to fetch one', async (t) => {
  const { store, byToken } = await bench(t);
  const { token, credential } = store.create(HOST);
  store.renew(credential.id);
  const identity = byToken(token);
  assert.equal(identity.refusalOf(WEB_1), null);
  assert.equal(identity.mustGrant(WEB_1), true);
  const granted = identity.grant(WEB_1);
  assert.equal(identity.lapsed(), null);
  assert.notEqual(await granted, null);
  assert.equal(identity.lapsed(), null);
});

test('of two that want one name at once, one gets it', async (t) => {
  const { store, byToken } = await bench(t);
  const { token } = store.create(JOIN);
  const wants = ['e1', 'e2'].map((epoch) => ({ host: 'web-1', epoch }));
  const identities = wants.map(() => byToken(token));
  assert.deepEqual(
    identities.map((identity, i) => identity.refusalOf(wants[i] ?? WEB_1)),
    [null, null],
  );
  const ends = await Promise.allSettled(identities.map((identity, i) => identity.grant(wants[i] ?? WEB_1)));
  assert.equal(ends[0]?.status, 'fulfilled');
  assert.ok(ends[1]?.status === 'rejected' && ends[1].reason instanceof RefuseError);
  assert.equal(ends[1].reason.code, 'NAME_TAKEN');
});

test('a name that the fleet knows by another spool is not for who joins, whatever credential it had', async (t) => {
  const { store, byToken, known } = await bench(t);
  const { token } = store.create(JOIN);
  known.set('web-1', 'e1');
  const thief = { host: 'web-1', epoch: 'e2' };
  const refusal = byToken(token).refusalOf(thief);
  assert.equal(told(refusal), 'NAME_TAKEN');
  assert.match(refusal?.message ?? '', /token create --host web-1/);
  const identity = byToken(token);
  assert.equal(identity.refusalOf(WEB_1), null);
  // It came to be known between the hello and the grant.
  const slow = byToken(token);
  assert.equal(slow.refusalOf({ host: 'web-2', epoch: 'e2' }), null);
  const [own, late] = [identity.grant(WEB_1), slow.grant({ host: 'web-2', epoch: 'e2' })];
  known.set('web-2', 'e1');
  await assert.rejects(late, (error) => error instanceof RefuseError && error.code === 'NAME_TAKEN');
  assert.notEqual(await own, null, 'others of the same commit are let in');
});

test('a host that is connected with its own token loses it to nobody who joins as it', async (t) => {
  const { store, byToken, held } = await bench(t);
  const { token } = store.create(JOIN);
  const first = byToken(token);
  const own = (await first.grant(WEB_1)) ?? '';
  held.set('web-1', first);
  // It may not have written its token down: the connection that it joined with shows nothing else.
  assert.equal(byToken(token).refusalOf(WEB_1), null);
  const again = byToken(own);
  assert.equal(again.refusalOf(WEB_1), null);
  held.set('web-1', again);
  assert.equal(told(byToken(token).refusalOf(WEB_1)), 'DUPLICATE_HOST');
  await assert.rejects(byToken(token).grant(WEB_1), { code: 'DUPLICATE_HOST' });
  assert.equal(again.lapsed(), null);
  held.clear();
  assert.notEqual(await byToken(token).grant(WEB_1), null, 'the day has not passed yet');
});

test('a token that is to be rotated is given when the host comes again, and asked for when it has it', async (t) => {
  const { store, state, byToken } = await bench(t);
  const { token: old, credential } = store.create(HOST);
  const before = byToken(old);
  assert.equal(before.refusalOf(WEB_1), null);
  store.renew(credential.id);
  assert.equal(told(before.lapsed()), 'DRAINING');
  assert.equal(before.lapsed()?.retryAfterMs, 777);
  const again = byToken(old);
  assert.equal(again.refusalOf(WEB_1), null);
  assert.equal(again.mustGrant(WEB_1), true);
  const next = (await again.grant(WEB_1)) ?? '';
  assert.equal(again.lapsed(), null);
  state.now += 5_000;
  assert.equal(told(again.lapsed()), 'DRAINING');
  const renewed = byToken(next);
  assert.equal(renewed.refusalOf(WEB_1), null);
  assert.equal(renewed.mustGrant(WEB_1), true);
  assert.equal(await renewed.grant(WEB_1), null);
  assert.equal(renewed.lapsed(), null);
  assert.equal(told(again.lapsed()), 'REVOKED');
  assert.equal(store.find(old), null);
});

test('a certificate speaks for its names, binds the one it uses, and can be shut out', async (t) => {
  const { store, state, identify } = await bench(t);
  const identity = identify({ kind: 'certificate', names: ['web-1', 'web-1.example'] });
  assert.equal(told(identity.refusalOf({ host: 'web-2', epoch: 'e' })), 'UNAUTHORIZED');
  assert.equal(identity.refusalOf(WEB_1), null);
  assert.equal(identity.mustGrant(WEB_1), true);
  assert.equal(await identity.grant(WEB_1), null);
  assert.equal(identity.mustGrant(WEB_1), false);
  const { credential } = store.create(JOIN);
  assert.equal(store.judge(credential.id, WEB_1)?.code, 'NAME_TAKEN');
  assert.equal(store.certificateOf('web-1')?.usedAt, NOW);
  state.now += 60_000;
  assert.equal(identity.refusalOf(WEB_1), null);
  store.saveUses();
  assert.equal(store.certificateOf('web-1')?.usedAt, NOW + 60_000);
  state.certificatesChanged = true;
  assert.equal(told(identity.lapsed()), 'DRAINING');
  assert.equal(identity.lapsed()?.retryAfterMs, 777);
  store.revoke(store.certificateOf('web-1')?.id ?? '');
  assert.equal(told(identity.lapsed()), 'REVOKED');
});

test('who shows nothing stays for as long as nobody has to', async (t) => {
  const { state, identify } = await bench(t);
  const identity = identify({ kind: 'loopback' });
  assert.equal(identity.refusalOf(WEB_1), null);
  assert.equal(identity.mustGrant(WEB_1), false);
  assert.equal(identity.lapsed(), null);
  state.isOpen = false;
  assert.equal(told(identity.lapsed()), 'UNAUTHORIZED');
});
