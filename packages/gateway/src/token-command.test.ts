import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock';
import { OptionError } from '@tributary/shared/options';
import { findTokenFile, runTokenCommand } from './token-command.ts';
import { CredentialStore } from './trust/credentials/credential-store.ts';
import { CredentialsError } from './trust/credentials/credentials-error.ts';

interface Printed {
  readonly out: string;
  readonly notes: string;
}

interface Token {
  (...argv: readonly string[]): Printed;
  readonly folder: string;
  /** The file, as the gateway has it open. */
  open(): CredentialStore;
}

async function bench(t: TestContext): Promise<Token> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-token-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const token = (...argv: readonly string[]) => {
    const out: string[] = [];
    const notes: string[] = [];
    const output = {
      out: (text: string) => void out.push(text),
      note: (text: string) => void notes.push(text),
    };
    // By its variable, as a service has it.
    runTokenCommand(argv, { TRIBUTARY_GATEWAY_STORAGE_PATH: folder }, output);
    return { out: out.join(''), notes: notes.join('') };
  };
  const open = () => {
    const store = CredentialStore.open({ folder, now: () => systemClock.now() });
    t.after(() => store.close());
    return store;
  };
  return Object.assign(token, { folder, open });
}

/** The message of what is refused. */
function mistake(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof OptionError || error instanceof CredentialsError, String(error));
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  return 'taken';
}

test('the configuration file says where the credentials are, as for the gateway', async (t) => {
  const token = await bench(t);
  token('create', '--admin=ann');
  const file = new Map([['storage.path', { value: token.folder, line: 1, texts: [token.folder] }]]);
  const out: string[] = [];
  const output = { out: (text: string) => void out.push(text), note: () => {} };
  runTokenCommand(['list', '--config.file', 'g.yml'], {}, output, file);
  assert.match(out.join(''), /\bann\b/);
  const variable = { TRIBUTARY_GATEWAY_CONFIG_FILE: 'e.yml' };
  assert.equal(findTokenFile(['list', '--config.file', 'g.yml'], variable), 'g.yml');
  assert.equal(findTokenFile(['list', '--config.file=g.yml'], variable), 'g.yml');
  assert.equal(findTokenFile(['list'], variable), 'e.yml');
  assert.equal(findTokenFile(['list'], {}), '');
  assert.equal(findTokenFile(['create', '--config.file=', '--join'], variable), '');
  assert.equal(findTokenFile(['create', '--scrape', '--config.file=g.yml'], {}), '');
  // Nothing in the file can keep anybody from these.
  assert.equal(findTokenFile(['create', '--help'], variable), '');
  assert.equal(findTokenFile(['list', '--storage.path', 'x', '--config.file', 'g.yml'], {}), '');
  assert.equal(findTokenFile(['list'], { ...variable, TRIBUTARY_GATEWAY_STORAGE_PATH: '/x' }), '');
});

test('a new token stands alone on stdout, and what is said of it on stderr', async (t) => {
  const token = await bench(t);
  for (const [kind, argv] of [
    ['host', ['--host', 'web-1']],
    ['join', ['--join', '--uses', '3', '--pattern', 'web-*']],
    ['scrape', ['--scrape', 'prometheus']],
    ['admin', ['--admin', 'ann', '--expires', '1h']],
  ] as const) {
    const { out, notes } = token('create', ...argv);
    assert.match(out, new RegExp(`^tributary_${kind}_[\\w-]{43}\\n$`));
    assert.match(notes, new RegExp(`^made ${kind} token [0-9a-f]{10}.*it is not shown again\\n$`, 'm'));
    assert.doesNotMatch(notes, /tributary_(host|join|scrape|admin)/);
  }
  assert.match(token('create', '--join').notes, /good until \d{4}-/);
  assert.doesNotMatch(token('create', '--join', '--expires=0').notes, /good until/);
});

test('the list shows everything but the secrets', async (t) => {
  const token = await bench(t);
  const secret = token('create', '--host', 'web-1').out.trim();
  token('create', '--join', '--uses=2');
  const { out } = token('list');
  assert.match(out, /^ID +KIND +NAME +STATE +CREATED +EXPIRES +LAST USED +NOTE\n/);
  assert.match(out, /\n[0-9a-f]{10} +host +web-1 +valid +\S+Z +never +never\n/);
  assert.match(out, /\n[0-9a-f]{10} +join +\* +valid .* 0 of 2 uses\n/);
  const listed = JSON.parse(token('list', '--json').out) as { kind: string; state: string; uses?: number }[];
  assert.deepEqual(
    listed.map(({ kind, state, uses }) => [kind, state, uses]),
    [
      ['host', 'valid', undefined],
      ['join', 'valid', 0],
    ],
  );
  assert.doesNotMatch(out + JSON.stringify(listed), new RegExp(secret.slice(-43)));
});

test('revoking and rotating name what they did, wherever the ID stands', async (t) => {
  const token = await bench(t);
  token('create', '--host', 'web-1');
  token('create', '--scrape', 'p');
  const [host, scraper] = JSON.parse(token('list', '--json').out) as { id: string }[];
  assert.match(token('rotate', host?.id ?? '').out, /of host web-1 will be given a new token/);
  assert.match(
    mistake(() => token('rotate', scraper?.id ?? '')),
    /is of kind scrape; make another/,
  );
  assert.match(
    mistake(() => token('revoke', '--issued', host?.id ?? '')),
    /is of kind host; only join tokens have issued others/,
  );
  const folder = join(tmpdir(), 'unused');
  assert.match(
    mistake(() => token('revoke', '--storage.path', folder, host?.id ?? '')),
    /there are no credentials in /,
  );
  assert.match(token('revoke', host?.id ?? '').out, /^revoked [0-9a-f]{10} \(host web-1\)\n$/);
  assert.match(token('revoke', host?.id ?? '').out, /was revoked already/);
  assert.match(
    mistake(() => token('rotate', host?.id ?? '')),
    /was revoked and cannot be rotated/,
  );
  assert.match(token('list').out, /web-1 +revoked/);
});

test('mistakes say what is needed', async (t) => {
  const token = await bench(t);
  const create = (...argv: readonly string[]) => mistake(() => token('create', ...argv));
  assert.match(create(), /wants one of --host NAME, --join, --scrape NAME and --admin NAME/);
  assert.match(create('--host=a', '--join'), /wants one of/);
  assert.match(create('--host=a b'), /--host: "a b" is no name of a host; use 1 to 253/);
  assert.match(create('--scrape=a b'), /--scrape: "a b" cannot be a name; names are 1 to 64/);
  assert.match(create('--host=a', '--uses=1'), /--uses and --pattern are for join tokens/);
  for (const uses of ['0', '-1', 'many', '1.5', '1e3']) {
    assert.match(create('--join', `--uses=${uses}`), /--uses: .* is not a number from 1 to 1000000/, uses);
  }
  assert.match(create('--join', '--pattern=a/b'), /--pattern: "a\/b" cannot match a host/);
  assert.match(create('--join', '--expires=soon'), /--expires: "soon" is no duration; write it as 30m/);
  assert.match(create('--hosts=a'), /unknown flag --hosts; did you mean --host\?/);
  assert.match(
    mistake(() => token('revoke')),
    /token revoke wants the ID of a token, --host NAME or --certificate NAME; see "token list"/,
  );
  for (const flag of ['pattern', 'expires', 'uses', 'scrape', 'host']) {
    assert.match(create('--join', `--${flag}=`), new RegExp(`--${flag}: must not be empty`));
  }
  // A mistyped folder is not filled with an empty file.
  for (const argv of [['list'], ['revoke', 'x'], ['rotate', 'x']]) {
    assert.match(
      mistake(() => token(...argv)),
      /there are no credentials in .* \(no .*credentials\.sqlite\); see --storage\.path/,
    );
  }
  token('create', '--host=a');
  assert.match(
    mistake(() => token('revoke', 'nope')),
    /there is no credential "nope"; see "token list"/,
  );
  assert.match(
    mistake(() => token('rewoke', 'x')),
    /unknown command "rewoke"; did you mean revoke\?/,
  );
  assert.match(
    mistake(() => token()),
    /there are create, list, rotate, revoke/,
  );
  assert.match(
    mistake(() => token('revoke', '--host=b')),
    /there is no credential of a host "b"; see "token list"/,
  );
  assert.match(
    mistake(() => token('list', '--kind=hosts')),
    /--kind: "hosts" is none of all, host, join/,
  );
  assert.equal(token('list').out.split('\n').length, 3);
});

test('the first of a role says whom it shuts out, and the first of all where it stands', async (t) => {
  const token = await bench(t);
  const first = token('create', '--join').notes;
  assert.match(first, /^made .*credentials\.sqlite, the file of the credentials\n/);
  assert.match(
    first,
    /^this is the first credential: from now on reporters, scrapers and administrators need one/m,
  );
  for (const argv of [['--host=a'], ['--scrape=p'], ['--admin=p']])
    assert.doesNotMatch(token('create', ...argv).notes, /from now on|the file/);
});

test('revoking says what is still good', async (t) => {
  const token = await bench(t);
  for (const host of ['a', 'a', 'b', 'c']) token('create', '--host', host);
  token('create', '--join');
  const ids = (JSON.parse(token('list', '--json').out) as { id: string; name: string }[]).map(({ id }) => id);
  const named = (name: string) =>
    (JSON.parse(token('list', '--json', '--state=valid').out) as { id: string; name: string }[])
      .filter((each) => each.name === name)
      .map(({ id }) => id);
  const [one = '', two = ''] = named('a');
  assert.equal(token('revoke', one).notes, `still good for host a: ${two} (host a)\n`);
  assert.equal(token('revoke', '--certificate', 'a').notes, `still good for host a: ${two} (host a)\n`);
  const both = token('revoke', ...named('b'), '--host', 'a', ...named('c'));
  assert.equal(both.out.match(/^revoked /gm)?.length, 3);
  assert.equal(both.notes, '');
  assert.match(token('revoke', '--certificate=new').out, /^revoked [0-9a-f]{10} \(certificate new\)\n$/);
  assert.equal(ids.length, 5);
  const kinds = (...argv: string[]) =>
    (JSON.parse(token('list', '--json', ...argv).out) as { kind: string }[]).map(({ kind }) => kind).sort();
  assert.deepEqual(kinds('--state=valid'), ['join']);
  assert.deepEqual(kinds('--kind=certificate', '--state=revoked'), ['certificate', 'certificate']);
});

test('revoking a join token or its host says what the other is still good for', async (t) => {
  const token = await bench(t);
  token('create', '--join');
  const store = token.open();
  const [join] = store.list();
  assert.ok(join !== undefined);
  for (const host of ['a', 'b', 'c']) store.enrol(join.id, { host, epoch: host });
  const a = store.list().find(({ name }) => name === 'a');
  const still = `host a may still have join token ${join.id}, which is good for other names`;
  assert.match(token('revoke', a?.id ?? '').notes, new RegExp(`^${still}; revoke it, too`));
  assert.equal(
    token('revoke', join.id).notes,
    `2 hosts are still let in that came by ${join.id}; --issued revokes them, too\n`,
  );
  assert.equal(token('revoke', join.id, '--issued').notes, '');
});

test('what root makes belongs to the owner of the folder above, and a copy that was put back is closed', {
  skip: process.getuid?.() === 0 ? false : 'only root may give files away',
}, async (t) => {
  const token = await bench(t);
  await chown(token.folder, 12_345, 12_346);
  const path = join(token.folder, 'deep', 'er');
  token('create', '--host=a', `--storage.path=${path}`);
  const file = join(path, 'credentials.sqlite');
  const about = async (of: string) => {
    const { uid, gid, mode } = await stat(of);
    return [uid, gid, (mode & 0o777).toString(8)].join(' ');
  };
  assert.equal(await about(path), '12345 12346 700');
  assert.equal(await about(file), '12345 12346 600');
  await chown(file, 0, 0);
  await chmod(file, 0o644);
  token('list', `--storage.path=${path}`);
  assert.equal(await about(file), '12345 12346 600');
});
