import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { temporaryFolder } from '../spool/test-support.ts';
import { CredentialError, HostCredentials } from './host-credentials.ts';
import type { TokenUse } from './host-token.ts';

interface SetUp {
  readonly tokenFile: string;
  readonly keptFile: string;
  readonly certificateFile: string;
  readonly told: string[];
  /** As a process that has just begun. */
  start(host?: string, tokenFile?: string, use?: Partial<TokenUse>): HostCredentials;
  write(token: string): void;
}

function setUp(t: TestContext): SetUp {
  const folder = temporaryFolder(t);
  const tokenFile = join(folder, 'token');
  const told: string[] = [];
  const shorten = (text: string | null) => text?.replaceAll(folder, '') ?? 'nowhere';
  return {
    tokenFile,
    keptFile: join(folder, 'host-token.json'),
    certificateFile: join(folder, 'client.pem'),
    told,
    start: (host = 'web-1', file = tokenFile, use = {}) =>
      new HostCredentials({
        folder,
        tokenFile: file,
        use: { host, gateway: 'gw.test', isPlain: false, ...use },
        certificateFiles: [join(folder, 'client.pem'), ''],
        now: () => 0,
        observer: {
          kept: (_, isFirst) => told.push(isFirst ? 'kept the first' : 'kept another'),
          notKept: (message) => told.push(`not kept: ${shorten(message)}`),
          setAside: (message, movedTo) => told.push(`${shorten(message)} => ${shorten(movedTo)}`),
          fileIgnored: (message) => told.push(`ignored: ${shorten(message)}`),
          notShown: (keptFor) => told.push(`not shown: for ${keptFor}`),
          openToOthers: (path) => told.push(`open: ${shorten(path)}`),
        },
      }),
    write: (token) => writeFileSync(tokenFile, token, { mode: 0o600 }),
  };
}

/** Joins with `join-1`, and gets `own-1`. */
function join1(at: SetUp): void {
  at.write('join-1\n');
  const credentials = at.start();
  credentials.take();
  credentials.welcomed('own-1');
}

/** Makes writing fail as long as it stands there, whoever runs the test. */
function blockWrites(at: SetUp): () => void {
  const path = `${at.keptFile}.new`;
  mkdirSync(path);
  return () => rmdirSync(path);
}

describe('a token that the gateway gave', () => {
  test('is on disk for this user alone, and shown from then on', (t) => {
    const at = setUp(t);
    at.write(' join-1\n');
    const credentials = at.start();
    assert.equal(credentials.take(), 'join-1');
    assert.equal(existsSync(at.keptFile), false);
    credentials.welcomed('own-1');
    if (process.platform !== 'win32') assert.equal(statSync(at.keptFile).mode & 0o777, 0o600);
    const text = readFileSync(at.keptFile, 'utf8');
    assert.match(text, /"tokens":\["own-1"\]/);
    assert.ok(!text.includes('join-1'), 'a digest is enough');
    assert.equal(credentials.take(), 'own-1');
    assert.equal(at.start().take(), 'own-1', 'by the next process too');
    assert.deepEqual(at.told, ['kept the first']);
    assert.deepEqual(
      readdirSync(join(at.keptFile, '..')).sort(),
      ['host-token.json', 'token'],
      'nothing unfinished is left',
    );
  });

  test('goes before the token file until a person puts another there', (t) => {
    const at = setUp(t);
    join1(at);
    at.write('join-1');
    assert.equal(at.start().take(), 'own-1', 'a line break is no other token');
    at.write('join-2');
    assert.equal(at.start().take(), 'join-2');
    rmSync(at.tokenFile);
    assert.equal(at.start().take(), 'own-1', 'a file that served for the first contact may be gone');
    assert.equal(at.start('web-1', '').take(), 'own-1');
    assert.throws(() => at.start('web-2').take(), /ENOENT/, 'it is bound to its host name');
    assert.deepEqual(at.told, ['kept the first']);
  });

  test('is shown to no other gateway, and not in plain text; that is told once', (t) => {
    const at = setUp(t);
    join1(at);
    for (const use of [{ gateway: 'other.test' }, { isPlain: true }]) {
      at.told.length = 0;
      const credentials = at.start('web-1', at.tokenFile, use);
      for (let i = 0; i < 2; i++) assert.equal(credentials.take(), 'join-1');
      credentials.welcomed(undefined);
      assert.deepEqual(at.told, ['not shown: for gw.test']);
      assert.equal(at.start('web-1', '', use).take(), null);
    }
    assert.equal(at.start().take(), 'own-1', 'it is kept for whom it came from');
    const other = at.start('web-1', at.tokenFile, { gateway: 'other.test' });
    other.take();
    other.welcomed('own-2');
    assert.equal(other.take(), 'own-2', 'there is one gateway at a time');
  });

  test('that cannot be written is an error, and nothing is changed', (t) => {
    const at = setUp(t);
    at.write('join-1');
    const unblock = blockWrites(at);
    const credentials = at.start();
    credentials.take();
    assert.throws(
      () => credentials.welcomed('own-1'),
      (error: Error) => {
        assert.ok(error instanceof CredentialError);
        assert.match(error.message, /host-token\.json: the host's token cannot be written \(.+\)$/);
        return !error.message.includes('own-1');
      },
    );
    assert.equal(credentials.take(), 'join-1');
    unblock();
    credentials.welcomed('own-1');
    assert.equal(credentials.take(), 'own-1');
  });

  test('takes no notice of what a crash left half written', (t) => {
    const at = setUp(t);
    join1(at);
    writeFileSync(`${at.keptFile}.new`, '{"version":1,"to', { mode: 0o644 });
    const credentials = at.start();
    assert.equal(credentials.take(), 'own-1');
    credentials.welcomed('own-2');
    assert.equal(at.start().take(), 'own-2');
    if (process.platform !== 'win32') assert.equal(statSync(at.keptFile).mode & 0o777, 0o600);
  });

  test('and cannot be read is set aside, and the token file is used', (t) => {
    const at = setUp(t);
    join1(at);
    writeFileSync(at.keptFile, 'garbled own-1');
    const credentials = at.start();
    assert.equal(credentials.take(), 'join-1');
    const aside = '/host-token.json.damaged-1970-01-01T00-00-00-000Z';
    assert.equal(at.told.at(-1), `/host-token.json: it is not JSON => ${aside}`);
    assert.equal(readFileSync(at.keptFile.replace('/host-token.json', aside), 'utf8'), 'garbled own-1');
    assert.equal(credentials.isChanged(), false, 'that we moved it is no change');
    mkdirSync(at.keptFile);
    assert.equal(at.start().take(), 'join-1');
    assert.match(at.told.at(-1) ?? '', /^\/host-token\.json is no file => /);
  });
});

describe('rotation', () => {
  test('keeps the token before until the new one was accepted', (t) => {
    const at = setUp(t);
    join1(at);
    const credentials = at.start();
    credentials.take();
    credentials.welcomed('own-2');
    assert.match(readFileSync(at.keptFile, 'utf8'), /"tokens":\["own-2","own-1"\]/);
    assert.equal(credentials.take(), 'own-2');
    credentials.welcomed(undefined);
    assert.match(readFileSync(at.keptFile, 'utf8'), /"tokens":\["own-2"\]/);
    assert.deepEqual(at.told, ['kept the first', 'kept another']);
  });

  test('that cannot be written does not stop the samples', (t) => {
    const at = setUp(t);
    join1(at);
    const unblock = blockWrites(at);
    const credentials = at.start();
    credentials.take();
    credentials.welcomed('own-2');
    assert.match(at.told.at(-1) ?? '', /^not kept: \/host-token\.json: the host's token cannot be written/);
    assert.equal(credentials.take(), 'own-1');
    unblock();
    credentials.welcomed('own-3');
    assert.equal(credentials.take(), 'own-3');
  });
});

describe('after HTTP 401', () => {
  test('the new token, the one before, and that of the file are tried once each', (t) => {
    const at = setUp(t);
    join1(at);
    const first = at.start();
    first.take();
    first.welcomed('own-2');
    const credentials = at.start();
    const tried: (string | null)[] = [];
    do tried.push(credentials.take());
    while (credentials.refused());
    assert.deepEqual(tried, ['own-2', 'own-1', 'join-1']);
    assert.equal(credentials.isChanged(), false);
    assert.equal(credentials.take(), 'own-2', 'a later try begins anew');
  });

  test("the host's own token is tried again first, where that of the file was refused otherwise in its place", (t) => {
    const at = setUp(t);
    join1(at);
    const credentials = at.start();
    assert.equal(credentials.take(), 'own-1');
    assert.equal(credentials.refused(), true);
    assert.equal(credentials.take(), 'join-1');
    credentials.beginAgain();
    assert.equal(credentials.isChanged(), false);
    assert.equal(credentials.take(), 'own-1');
  });

  test('what is accepted in place of a refused one is what is kept', (t) => {
    const at = setUp(t);
    join1(at);
    const credentials = at.start();
    credentials.take();
    assert.equal(credentials.refused(), true);
    assert.equal(credentials.take(), 'join-1');
    credentials.welcomed('own-9');
    assert.equal(at.start().take(), 'own-9');
  });

  test('a change of either file is seen by its content', (t) => {
    const at = setUp(t);
    join1(at);
    const credentials = at.start();
    const park = () => {
      do credentials.take();
      while (credentials.refused());
    };
    park();
    const again = `${at.tokenFile}.again`;
    writeFileSync(again, 'join-1\n', { mode: 0o600 });
    renameSync(again, at.tokenFile);
    assert.equal(credentials.isChanged(), false, 'the same content is no change');
    at.write('join-2');
    assert.equal(credentials.isChanged(), true);
    assert.equal(credentials.take(), 'join-2');
    park();
    rmSync(at.keptFile);
    assert.equal(credentials.isChanged(), true);
    park();
    rmSync(at.tokenFile);
    assert.equal(credentials.isChanged(), true);
  });

  test('a token that came and was revoked on one connection is not tried again by itself', (t) => {
    const at = setUp(t);
    at.write('join-1');
    const credentials = at.start();
    credentials.take();
    credentials.welcomed('own-1');
    assert.equal(credentials.isChanged(), false);
  });

  test('nothing else can be shown where nothing is', (t) => {
    const credentials = setUp(t).start('web-1', '');
    assert.equal(credentials.hasAny, false);
    assert.equal(credentials.take(), null);
    assert.equal(credentials.refused(), false);
    assert.equal(credentials.isChanged(), false);
  });
});

describe('the token file', () => {
  for (const [what, text, message] of [
    ['is empty', ' \n', /token is empty: a token is needed$/],
    [
      'has two lines',
      'secret-a\nsecret-b\n',
      /token has white space or line breaks within: it must hold one token/,
    ],
    ['has a space within', 'secret a', /white space or line breaks within/],
    ['has other characters', 'sécret', /token holds characters that no token has: it must be visible ASCII$/],
    ['is too long', 's'.repeat(513), /token has 513 characters: a token has at most 512$/],
    ['is no token at all', 's'.repeat(20_000), /token has more than 16384 bytes: it is no token$/],
  ] as const) {
    test(`that ${what} is told, and not shown`, (t) => {
      const at = setUp(t);
      at.write(text);
      assert.throws(
        () => at.start().take(),
        (error: Error) => {
          assert.match(error.message, message);
          return !/[sS][eé]cret/.test(error.message);
        },
      );
    });
  }

  test('that is being written does not count while there is another token', (t) => {
    const at = setUp(t);
    join1(at);
    at.write('');
    assert.equal(at.start().take(), 'own-1');
    assert.deepEqual(at.told.slice(1), ['ignored: /token is empty: a token is needed']);
  });

  test('that everybody can read is warned of, once', { skip: process.platform === 'win32' }, (t) => {
    const at = setUp(t);
    at.write('join-1');
    chmodSync(at.tokenFile, 0o644);
    const credentials = at.start();
    for (let i = 0; i < 3; i++) credentials.take();
    assert.deepEqual(at.told, ['open: /token']);
    chmodSync(at.tokenFile, 0o640);
    at.start().take();
    assert.equal(at.told.length, 1, "a group is the administrator's choice");
  });
});

test('with another client certificate it is worth trying again', (t) => {
  const at = setUp(t);
  writeFileSync(at.certificateFile, 'one');
  const credentials = at.start('web-1', '');
  assert.equal(credentials.take(), null);
  assert.equal(credentials.isChanged(), false);
  writeFileSync(at.certificateFile, 'another');
  assert.equal(credentials.isChanged(), true);
  credentials.take();
  assert.equal(credentials.isChanged(), false);
  rmSync(at.certificateFile);
  assert.equal(credentials.isChanged(), true);
  credentials.take();
  writeFileSync(at.certificateFile, 'one');
  assert.equal(credentials.isChanged(), true);
});
