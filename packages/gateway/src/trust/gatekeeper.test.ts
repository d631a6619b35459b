import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { CREDENTIAL_KINDS, type Credential, type CredentialKind } from './credentials/credential.ts';
import { credentialOf } from './credentials/test-support.ts';
import type { Gatekeeper, GatekeeperOptions, Outcome } from './gatekeeper.ts';
import { ROLES, type Role } from './roles.ts';
import { gatekeeperOf } from './test-support.ts';
import { BasicAuthBusyError } from './web-config/basic-auth.ts';

const NOW = 1_795_330_000_000;
const FAR = '198.51.100.7';

const credential = (kind: CredentialKind, over: Partial<Credential> = {}) =>
  credentialOf({ id: `id-${kind}`, kind, name: 'n', ...over });

/** By the token, as in `Bearer host`. */
const TOKENS: Readonly<Record<string, Credential>> = {
  host: credential('host'),
  join: credential('join'),
  scrape: credential('scrape'),
  admin: credential('admin'),
  revoked: credential('admin', { revokedAt: NOW - 1 }),
  expired: credential('admin', { expiresAt: NOW }),
  'expired-join': credential('join', { expiresAt: NOW }),
  'just-expired-join': credential('join', { id: 'just', expiresAt: NOW }),
};

function keeper(
  over: Partial<GatekeeperOptions> = {},
  kinds: readonly CredentialKind[] = ['host', 'scrape', 'admin'],
) {
  const failed: string[] = [];
  const used: string[] = [];
  const file: { fault: string | null } = { fault: null };
  const gatekeeper = gatekeeperOf({
    store: {
      find: (token) => (TOKENS[token] === undefined ? null : { credential: TOKENS[token], hash: 'h' }),
      has: (...asked) => asked.some((kind) => kinds.includes(kind)),
      mayRepeat: (id) => id === 'just',
      used: (id) => void used.push(id),
      get fault() {
        return file.fault;
      },
    },
    guard: {
      badToken: (address) => failed.push(`token ${address}`) > 0,
      mayTryPassword: () => true,
      badPassword: (address, user) => void failed.push(`${user} ${address}`),
    },
    now: () => NOW,
    ...over,
  });
  return { gatekeeper, failed, used, file };
}

interface Shown {
  readonly headers?: IncomingHttpHeaders;
  readonly from?: string;
  readonly certificate?: readonly string[];
}

async function answers(gatekeeper: Gatekeeper, shown: Shown): Promise<string> {
  const all: string[] = [];
  for (const role of ROLES) all.push(told(await ask(gatekeeper, role, shown)));
  return all.join(', ');
}

function ask(gatekeeper: Gatekeeper, role: Role, { headers = {}, from = FAR, certificate }: Shown) {
  return gatekeeper.ask(
    {
      headers: { host: 'gateway.example', ...headers },
      remoteAddress: from,
      certificate: certificate ?? null,
      httpVersion: '1.1',
    },
    role,
  );
}

function told({ principal, refusal }: Outcome): string {
  return refusal === null ? principal.kind : `${refusal.status} ${refusal.reason}`;
}

const bearer = (token: string): Shown => ({ headers: { authorization: `Bearer ${token}` } });
const basic = (pair: string): Shown => ({
  headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
});

test('what is shown and good was used, whatever it is', async () => {
  const { gatekeeper, used } = keeper();
  for (const token of ['join', 'revoked', 'expired', 'just-expired-join', 'unknown'])
    await ask(gatekeeper, 'report', bearer(token));
  for (const token of ['scrape', 'admin']) await ask(gatekeeper, 'scrape', bearer(token));
  const good = ['join', 'just-expired-join', 'scrape', 'admin'].map((token) => TOKENS[token]?.id);
  assert.deepEqual(used, good);
});

test('each credential gives its role and nothing more', async () => {
  const { gatekeeper } = keeper();
  const no = '403 wrong_role';
  const bad = '401 bad_credential';
  const none = '401 no_credential';
  // report, scrape, admin
  assert.equal(await answers(gatekeeper, {}), [none, none, none].join(', '));
  assert.equal(await answers(gatekeeper, bearer('host')), ['token', no, no].join(', '));
  assert.equal(await answers(gatekeeper, bearer('join')), ['token', no, no].join(', '));
  assert.equal(await answers(gatekeeper, bearer('scrape')), [no, 'token', no].join(', '));
  assert.equal(await answers(gatekeeper, bearer('admin')), [no, 'token', 'token'].join(', '));
  for (const token of ['wrong', 'revoked', 'expired', 'expired-join']) {
    assert.equal(await answers(gatekeeper, bearer(token)), [bad, bad, bad].join(', '), token);
  }
  assert.equal(await answers(gatekeeper, bearer('just-expired-join')), ['token', no, no].join(', '));
  assert.equal(await answers(gatekeeper, { certificate: ['web-1'] }), ['certificate', none, none].join(', '));
  for (const authorization of ['Bearer', 'Bearer a b', 'Digest x', '', 'Bearer \u00e4']) {
    assert.equal(
      await answers(gatekeeper, { headers: { authorization } }),
      [bad, bad, bad].join(', '),
      authorization,
    );
  }
});

test('a token that is shown decides alone, whatever the certificate or the address', async () => {
  const { gatekeeper } = keeper({}, []);
  const bad = '401 bad_credential';
  const from = '127.0.0.1';
  const headers = { authorization: 'Bearer wrong', host: 'localhost' };
  assert.equal(await answers(gatekeeper, { headers, from, certificate: ['a'] }), [bad, bad, bad].join(', '));
});

test('while nobody has a credential all is for this machine itself; the first one of any kind closes all', async () => {
  const local: Shown = { from: '127.0.0.1', headers: { host: 'localhost:9750' } };
  const open = keeper({}, []).gatekeeper;
  assert.equal(open.isOpen, true);
  assert.equal(await answers(open, local), 'loopback, loopback, loopback');
  const closed = '403 not_loopback';
  assert.equal(await answers(open, {}), [closed, closed, closed].join(', '));
  const none = '401 no_credential';
  const users = () => new Map([['u', 'h']]);
  for (const gatekeeper of [
    ...CREDENTIAL_KINDS.map((kind) => keeper({}, [kind]).gatekeeper),
    keeper({ users }, []).gatekeeper,
    keeper({ takesCertificates: () => true }, []).gatekeeper,
  ]) {
    assert.equal(gatekeeper.isOpen, false);
    assert.equal(await answers(gatekeeper, local), [none, none, none].join(', '));
  }
});

test('an administrator who is no user is nobody', async () => {
  const local: Shown = { from: '127.0.0.1', headers: { host: 'localhost:9750' } };
  const { gatekeeper } = keeper({ adminUsers: () => new Set(['ghost']) }, []);
  assert.equal(gatekeeper.isOpen, true);
  assert.equal(await answers(gatekeeper, local), 'loopback, loopback, loopback');
});

test('what was closed once stays closed, also when the users or the client authority are gone from the file', async () => {
  const local: Shown = { from: '127.0.0.1', headers: { host: 'localhost:9750' } };
  const none = '401 no_credential';
  const now = { users: new Map<string, string>(), certificates: false };
  const start = () =>
    keeper({ users: () => now.users, takesCertificates: () => now.certificates }, []).gatekeeper;
  for (const change of [{ users: new Map([['u', 'h']]) }, { certificates: true }]) {
    Object.assign(now, { users: new Map(), certificates: false });
    const later = start();
    Object.assign(now, change);
    const before = start();
    later.lookAnew();
    Object.assign(now, { users: new Map(), certificates: false });
    for (const gatekeeper of [later, before]) {
      assert.equal(gatekeeper.isOpen, false);
      assert.equal(await answers(gatekeeper, local), [none, none, none].join(', '));
    }
  }
});

test('users scrape, and those who are named do more', async () => {
  const { gatekeeper, failed } = keeper({
    users: () =>
      new Map([
        ['ann', 'h'],
        ['bob', 'h'],
      ]),
    passwords: { remembers: () => false, verify: async (name, password) => password === `${name}'s` },
    adminUsers: () => new Set(['bob']),
  });
  const no = '403 wrong_role';
  assert.equal(await answers(gatekeeper, basic("ann:ann's")), [no, 'user', no].join(', '));
  assert.equal(await answers(gatekeeper, basic("bob:bob's")), [no, 'user', 'user'].join(', '));
  assert.deepEqual(failed, []);
  assert.equal(told(await ask(gatekeeper, 'scrape', basic('bob:x'))), '401 bad_credential');
  assert.equal(told(await ask(gatekeeper, 'scrape', basic('ghost:x'))), '401 bad_credential');
  assert.deepEqual(failed, [`bob ${FAR}`, `null ${FAR}`]);
  const { refusal } = await ask(gatekeeper, 'scrape', {});
  assert.deepEqual(refusal?.challenges, ['Bearer', 'Basic realm="tributary"']);
});

test('without users a password is not even looked at', async () => {
  const { gatekeeper } = keeper({
    passwords: { remembers: () => false, verify: () => Promise.reject(new Error('asked')) },
  });
  assert.equal(told(await ask(gatekeeper, 'scrape', basic('a:b'))), '401 bad_credential');
});

test('too many passwords at once are turned away, and are no failures', async () => {
  const { gatekeeper, failed } = keeper({
    users: () => new Map([['ann', 'h']]),
    passwords: { remembers: () => false, verify: () => Promise.reject(new BasicAuthBusyError()) },
  });
  assert.equal(told(await ask(gatekeeper, 'scrape', basic('ann:x'))), '503 busy');
  assert.deepEqual(failed, []);
});

test('who fails again and again is kept waiting, and a neighbour with a good credential is not', async () => {
  const { gatekeeper } = keeper({
    users: () => new Map([['ann', 'h']]),
    passwords: {
      remembers: (_name, password) => password === 'used before',
      verify: async (_name, password) => password !== 'wrong',
    },
    guard: {
      badToken: () => false,
      mayTryPassword: (_address, user) => user === 'ann',
      badPassword: () => {},
    },
  });
  const tooMany = '429 too_many_failures';
  assert.equal(told(await ask(gatekeeper, 'scrape', bearer('wrong'))), tooMany);
  assert.equal(told(await ask(gatekeeper, 'scrape', bearer('scrape'))), 'token');
  assert.equal(told(await ask(gatekeeper, 'scrape', {})), '401 no_credential');
  // Bad tokens of the address are nothing to her.
  assert.equal(told(await ask(gatekeeper, 'scrape', basic('ann:right'))), 'user');
  assert.equal(told(await ask(gatekeeper, 'scrape', basic('ghost:right'))), tooMany);
});

test('a user of whom too many bad passwords came is heard by one that was right before alone', async () => {
  const { gatekeeper } = keeper({
    users: () => new Map([['ann', 'h']]),
    passwords: { remembers: (_name, password) => password === 'used before', verify: async () => true },
    guard: { badToken: () => true, mayTryPassword: (address) => address !== FAR, badPassword: () => {} },
  });
  // To find out costs much, so it is not even tried.
  const { refusal } = await ask(gatekeeper, 'scrape', basic('ann:right'));
  assert.deepEqual([refusal?.status, refusal?.reason], [429, 'too_many_failures']);
  assert.match(refusal?.message ?? '', /try again in 1 s$/);
  assert.equal(told(await ask(gatekeeper, 'scrape', basic('ann:used before'))), 'user');
  const elsewhere = { ...basic('ann:right'), from: '198.51.100.8' };
  assert.equal(told(await ask(gatekeeper, 'scrape', elsewhere)), 'user');
});

test('users do not report, and are told so without a look at the password', () => {
  const { gatekeeper, failed } = keeper({
    users: () => new Map([['ann', 'h']]),
    passwords: { remembers: () => false, verify: () => Promise.reject(new Error('asked')) },
  });
  const { headers = {} } = basic('ann:right');
  const { refusal } = gatekeeper.askToReport({
    headers,
    remoteAddress: FAR,
    certificate: null,
    httpVersion: '1.1',
  });
  assert.deepEqual([refusal?.status, refusal?.challenges], [401, ['Bearer']]);
  assert.match(refusal?.message ?? '', /^users do not report; a host token or a join token is needed/);
  assert.deepEqual(failed, []);
});

test('a page of another origin gets nothing, whatever it shows', async () => {
  const { gatekeeper } = keeper();
  const headers = { authorization: 'Bearer admin', origin: 'https://evil.example' };
  const foreign = '403 foreign_origin';
  assert.equal(await answers(gatekeeper, { headers }), [foreign, foreign, foreign].join(', '));
  const image = { authorization: 'Bearer admin', 'sec-fetch-site': 'cross-site' };
  assert.equal(await answers(gatekeeper, { headers: image }), [foreign, foreign, foreign].join(', '));
  const own = { authorization: 'Bearer admin', origin: 'https://gateway.example' };
  assert.equal(await answers(gatekeeper, { headers: own }), '403 wrong_role, token, token');
});

test('strangers are recognised as such, and turned away only while nobody has a credential', async () => {
  const recognise = async (gatekeeper: Gatekeeper, { headers = {}, from = FAR }: Shown) => {
    const outcome = await gatekeeper.recognise({
      headers: { host: 'gateway.example', ...headers },
      remoteAddress: from,
      certificate: null,
      httpVersion: '1.1',
    });
    return outcome === null ? 'stranger' : told(outcome);
  };
  const { gatekeeper, failed } = keeper();
  assert.equal(await recognise(gatekeeper, {}), 'stranger');
  assert.equal(await recognise(gatekeeper, bearer('scrape')), 'token');
  assert.equal(await recognise(gatekeeper, bearer('wrong')), 'stranger');
  assert.deepEqual(failed, [`token ${FAR}`]);
  assert.equal(
    await recognise(gatekeeper, { headers: { origin: 'https://evil.example' } }),
    '403 foreign_origin',
  );
  assert.equal(
    await recognise(gatekeeper, { headers: { 'sec-fetch-site': 'same-site' } }),
    '403 foreign_origin',
  );
  assert.equal(await recognise(keeper({}, []).gatekeeper, {}), '403 not_loopback');
});

test('while the credentials cannot be read nobody is told that his token is bad', async () => {
  const { gatekeeper, failed, file } = keeper();
  file.fault = 'disk I/O error';
  const show = (token: string) => ask(gatekeeper, 'admin', { headers: { authorization: `Bearer ${token}` } });
  assert.equal(told(await show('new')), '503 busy');
  assert.equal(told(await show('admin')), 'token');
  assert.deepEqual(failed, []);
  file.fault = null;
  assert.equal(told(await show('new')), '401 bad_credential');
});
