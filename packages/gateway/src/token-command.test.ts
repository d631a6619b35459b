import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import { runTokenCommand } from './token-command.ts';
import { CredentialsError } from './trust/credentials/credentials-error.ts';

interface Printed {
  readonly out: string;
  readonly notes: string;
}

async function bench(t: TestContext): Promise<(...argv: readonly string[]) => Printed> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-token-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return (...argv) => {
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
    assert.match(notes, new RegExp(`^made ${kind} token [0-9a-f]{10}.*it is not shown again\\n$`));
    assert.doesNotMatch(notes, /tributary_/);
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
  assert.match(token('revoke', '--issued', host?.id ?? '').out, /^revoked [0-9a-f]{10} \(host web-1\)\n$/);
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
    /token revoke wants the ID of a token; see "token list"/,
  );
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
  assert.equal(token('list').out.split('\n').length, 2);
});
