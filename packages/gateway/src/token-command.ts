/**
 * `tributary-gateway token …`: makes, lists, renews and revokes credentials. It opens the file that the gateway uses, also
 * while that runs, and the gateway sees at once what was done. A new token stands alone on stdout, so that it can be
 * piped to where it belongs; it is never shown again.
 */
import { systemClock } from '@tributary/shared/clock';
import { isHostName, quote } from '@tributary/shared/names';
import { nearest } from '@tributary/shared/nearest';
import {
  describeOptions,
  envName,
  OptionError,
  type OptionSpecs,
  type OptionValues,
  parseOptions,
  switchOption,
  textOption,
} from '@tributary/shared/options';
import { parseDuration } from '@tributary/shared/units';
import { ENV_PREFIX, OPTION_SPECS } from './config.ts';
import { type Credential, stateOf } from './trust/credentials/credential.ts';
import { CredentialStore } from './trust/credentials/credential-store.ts';
import type { NewCredential } from './trust/credentials/new-credential.ts';
import { isHostPattern } from './trust/credentials/pattern.ts';
import { isScraperName, SCRAPER_NAMES } from './trust/scraper-name.ts';

const JOIN_EXPIRES_MS = 24 * 60 * 60_000;
const USES_MAX = 1_000_000;

const STORAGE = { 'storage.path': OPTION_SPECS['storage.path'] };

const text = (help: string, placeholder = 'NAME') => textOption({ help, placeholder, default: '' });

const CREATE_SPECS = {
  ...STORAGE,
  host: text('A token for the reporter of the host NAME.'),
  join: switchOption({
    help: 'A token that new hosts turn into ones of their own at first contact.',
    default: false,
  }),
  scrape: text('A token for a scraper; NAME names its cursor as well.'),
  admin: text('A token for who may change things, and scrape.'),
  uses: text('How many hosts a join token lets in; any number unless set.', 'N'),
  expires: text(
    'For how long the token is good, such as 24h; 0 is for ever. A join token is good for 24h unless set, others for ever.',
    'DURATION',
  ),
  pattern: text('The hosts that a join token is for, with * and ?; all unless set.', 'GLOB'),
};

const LIST_SPECS = {
  ...STORAGE,
  json: switchOption({ help: 'As JSON.', default: false }),
};

const REVOKE_SPECS = {
  ...STORAGE,
  issued: switchOption({
    help: 'With a join token: the tokens of the hosts that it let in, too.',
    default: false,
  }),
};

type Environment = Readonly<Record<string, string | undefined>>;

export interface Output {
  readonly out: (text: string) => void;
  /** What is for people, not for pipes. */
  readonly note: (text: string) => void;
}

const COMMANDS = {
  create: {
    does: 'makes one and prints it: one of --host NAME, --join, --scrape NAME, --admin NAME',
    specs: CREATE_SPECS,
  },
  list: { does: 'shows what there is, without the secrets', specs: LIST_SPECS },
  rotate: { does: 'ID: has the host of that token given a new one, without losing a sample', specs: STORAGE },
  revoke: { does: 'ID: from now on it is good for nothing', specs: REVOKE_SPECS },
} as const;

/** @throws OptionError, CredentialsError */
export function runTokenCommand(argv: readonly string[], env: Environment, output: Output): void {
  if (argv.includes('--help') || argv.includes('-h')) return output.out(tokenUsage());
  const [command = '', ...rest] = argv;
  switch (command) {
    case 'create':
      return create(rest, env, output);
    case 'list':
      return list(rest, env, output);
    case 'rotate':
      return rotate(rest, env, output);
    case 'revoke':
      return revoke(rest, env, output);
  }
  const near = nearest(command, Object.keys(COMMANDS));
  const hint = near === undefined ? `there are ${Object.keys(COMMANDS).join(', ')}` : `did you mean ${near}?`;
  throw new OptionError(`token: unknown command ${JSON.stringify(command)}; ${hint}`);
}

function create(argv: readonly string[], env: Environment, { out, note }: Output): void {
  const options = read(CREATE_SPECS, argv, env);
  const now = systemClock.now();
  const wanted = wantedCredential(options, now);
  const { credential, token } = withStore(options, (store) => store.create(wanted));
  out(`${token}\n`);
  const until = credential.expiresAt === null ? '' : `, good until ${timeText(credential.expiresAt)}`;
  note(`made ${credential.kind} token ${credential.id}${until}; it is not shown again\n`);
}

/** The environment gives the folder only: that a variable chose what is made would surprise. */
function read<S extends OptionSpecs>(specs: S, argv: readonly string[], env: Environment): OptionValues<S> {
  const variable = envName(ENV_PREFIX, 'storage.path');
  return parseOptions(specs, { argv, env: { [variable]: env[variable] }, envPrefix: ENV_PREFIX });
}

/** @throws OptionError */
export function wantedCredential(options: OptionValues<typeof CREATE_SPECS>, now: number): NewCredential {
  const { host, join, scrape, admin, uses, pattern, expires } = options;
  const named = Object.entries({ host, scrape, admin }).filter(([, name]) => name !== '');
  if (named.length + (join ? 1 : 0) !== 1) {
    throw new OptionError('token create wants one of --host NAME, --join, --scrape NAME and --admin NAME');
  }
  if (!join && (uses !== '' || pattern !== ''))
    throw new OptionError('--uses and --pattern are for join tokens (--join)');
  const [kind, name] = (named[0] ?? ['join', '']) as [NewCredential['kind'], string];
  refuseBadName(kind, name);
  if (pattern !== '' && !isHostPattern(pattern)) {
    throw new OptionError(
      `--pattern: ${quote(pattern)} cannot match a host; use letters, digits, ".", "-", "_", * and ?`,
    );
  }
  const usesMax = uses === '' ? null : Number(uses);
  if (usesMax !== null && !(/^\d+$/.test(uses) && usesMax >= 1 && usesMax <= USES_MAX)) {
    throw new OptionError(`--uses: ${quote(uses)} is not a number from 1 to ${USES_MAX}`);
  }
  const lastsMs = expires === '' ? (join ? JOIN_EXPIRES_MS : 0) : readDuration(expires);
  return {
    kind,
    name,
    usesMax,
    pattern: pattern === '' ? null : pattern,
    expiresAt: lastsMs === 0 ? null : now + lastsMs,
  };
}

function readDuration(text: string): number {
  const ms = text === '0' ? 0 : parseDuration(text);
  if (ms === undefined)
    throw new OptionError(`--expires: ${quote(text)} is no duration; write it as 30m or 24h, or 0 for ever`);
  return ms;
}

function refuseBadName(kind: string, name: string): void {
  if (kind === 'host' && !isHostName(name)) {
    throw new OptionError(
      `--host: ${quote(name)} is no name of a host; use 1 to 253 letters, digits, ".", "-" and "_"`,
    );
  }
  if ((kind === 'scrape' || kind === 'admin') && !isScraperName(name)) {
    throw new OptionError(`--${kind}: ${quote(name)} cannot be a name; ${SCRAPER_NAMES}`);
  }
}

function list(argv: readonly string[], env: Environment, { out }: Output): void {
  const options = read(LIST_SPECS, argv, env);
  const now = systemClock.now();
  const credentials = withStore(options, (store) => store.list());
  if (options.json)
    return out(
      `${JSON.stringify(
        credentials.map((each) => described(each, now)),
        null,
        2,
      )}\n`,
    );
  out(table(credentials.map((each) => row(each, now))));
}

function rotate(argv: readonly string[], env: Environment, { out }: Output): void {
  const { id, flags } = splitId('rotate', argv);
  const options = read(STORAGE, flags, env);
  const { name } = withStore(options, (store) => store.renew(id));
  out(`${id} of host ${name} will be given a new token; the old one is good until the new one is used\n`);
}

function revoke(argv: readonly string[], env: Environment, { out }: Output): void {
  const { id, flags } = splitId('revoke', argv);
  const options = read(REVOKE_SPECS, flags, env);
  const revoked = withStore(options, (store) => store.revoke(id, options.issued));
  if (revoked.length === 0) out(`${id} was revoked already\n`);
  for (const { id: each, kind, name } of revoked)
    out(`revoked ${each} (${kind}${name === '' ? '' : ` ${name}`})\n`);
}

/** ID may stand before or behind the flags. */
function splitId(command: string, argv: readonly string[]): { id: string; flags: string[] } {
  const at = argv.findIndex(
    (arg, i) => !arg.startsWith('-') && (i === 0 || !/^--storage\.path$/.test(argv[i - 1] ?? '')),
  );
  const id = argv[at];
  if (id === undefined) throw new OptionError(`token ${command} wants the ID of a token; see "token list"`);
  return { id, flags: argv.filter((_, i) => i !== at) };
}

function withStore<T>(options: OptionValues<typeof STORAGE>, act: (store: CredentialStore) => T): T {
  const store = CredentialStore.open({ folder: options['storage.path'], now: () => systemClock.now() });
  try {
    return act(store);
  } finally {
    store.close();
  }
}

function described(credential: Credential, now: number) {
  const {
    id,
    kind,
    name,
    createdAt,
    expiresAt,
    revokedAt,
    usedAt,
    usesMax,
    uses,
    pattern,
    parent,
    renewing,
  } = credential;
  return {
    id,
    kind,
    name,
    state: stateOf(credential, now),
    created: timeText(createdAt),
    expires: expiresAt === null ? null : timeText(expiresAt),
    revoked: revokedAt === null ? null : timeText(revokedAt),
    lastUsed: usedAt === null ? null : timeText(usedAt),
    ...(kind === 'join' ? { uses, usesMax, pattern } : {}),
    ...(kind === 'host' ? { joinedBy: parent, renewing } : {}),
  };
}

const HEADS = ['ID', 'KIND', 'NAME', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED', 'NOTE'];

function row(credential: Credential, now: number): string[] {
  const { id, kind, name, createdAt, expiresAt, usedAt, parent, renewing } = credential;
  return [
    id,
    kind,
    name === '' ? (credential.pattern ?? '*') : name,
    stateOf(credential, now),
    timeText(createdAt),
    expiresAt === null ? 'never' : timeText(expiresAt),
    usedAt === null ? 'never' : timeText(usedAt),
    kind === 'join'
      ? `${credential.uses} of ${credential.usesMax ?? 'any number of'} uses`
      : [parent === null ? '' : `joined by ${parent}`, renewing ? 'to be renewed' : '']
          .filter(Boolean)
          .join(', '),
  ];
}

function table(rows: readonly string[][]): string {
  const all = [HEADS, ...rows];
  const widths = HEADS.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}

function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function tokenUsage(): string {
  const sections = Object.entries(COMMANDS).map(
    ([name, { does, specs }]) => `token ${name}  ${does}\n${describeOptions(specs)}\n`,
  );
  return `usage: tributary-gateway token COMMAND [FLAGS]\n\nThe credentials of a gateway, which may run meanwhile.\n\n${sections.join('\n')}`;
}
