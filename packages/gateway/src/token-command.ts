/**
 * `tributary-gateway token …`: makes, lists, renews and revokes credentials. It opens the file that the gateway uses, also
 * while that runs, and the gateway sees at once what was done. A new token stands alone on stdout, so that it can be
 * piped to where it belongs; it is never shown again.
 */
import { systemClock } from '@tributary/shared/clock';
import { isHostName, quote } from '@tributary/shared/names';
import { nearest } from '@tributary/shared/nearest';
import {
  choiceOption,
  describeOptions,
  envName,
  type FileOption,
  OptionError,
  type OptionSpecs,
  type OptionValues,
  parseOptions,
  switchOption,
  textOption,
} from '@tributary/shared/options';
import { parseDuration } from '@tributary/shared/units';
import { ENV_PREFIX, OPTION_SPECS } from './config.ts';
import { described, table, timeText } from './token-list.ts';
import { revokeAll } from './token-revoke.ts';
import { CREDENTIAL_KINDS, stateOf } from './trust/credentials/credential.ts';
import { CredentialStore } from './trust/credentials/credential-store.ts';
import type { NewCredential } from './trust/credentials/new-credential.ts';
import { isHostPattern } from './trust/credentials/pattern.ts';
import { isScraperName, SCRAPER_NAMES } from './trust/scraper-name.ts';

const JOIN_EXPIRES_MS = 24 * 60 * 60_000;
const USES_MAX = 1_000_000;

const STORAGE = {
  'config.file': OPTION_SPECS['config.file'],
  'storage.path': OPTION_SPECS['storage.path'],
};

/** What was given must be something: an empty variable of a shell must not make a token for all hosts. */
function notEmpty(text: string): string {
  if (text === '') throw new OptionError('must not be empty');
  return text;
}

const text = (help: string, placeholder = 'NAME') =>
  textOption({ help, placeholder, default: '', check: notEmpty });

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
  kind: choiceOption({
    help: 'Those of this kind alone.',
    choices: ['all', ...CREDENTIAL_KINDS],
    default: 'all',
  }),
  state: choiceOption({
    help: 'Those in this state alone.',
    choices: ['all', 'valid', 'expired', 'revoked'],
    default: 'all',
  }),
};

const REVOKE_SPECS = {
  ...STORAGE,
  host: text('All that is good for the host NAME.'),
  certificate: text('Certificates for the host NAME, also if none has come yet.'),
  issued: switchOption({
    help: 'With a join token: the tokens of the hosts that it let in, too.',
    default: false,
  }),
};

type Environment = Readonly<Record<string, string | undefined>>;

interface Sources {
  readonly env: Environment;
  /** The options of the configuration file. */
  readonly file: ReadonlyMap<string, FileOption>;
}

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
  revoke: { does: 'ID...: from now on they are good for nothing', specs: REVOKE_SPECS },
} as const;

/**
 * The configuration file that flag or variable name, where it alone may say where the credentials are; else ''. So a mistake in
 * it keeps nobody from revoking a token who names the folder.
 */
export function findTokenFile(argv: readonly string[], env: Environment): string {
  const [command = '', ...words] = argv;
  const known = Object.entries(COMMANDS).find(([name]) => name === command)?.[1];
  if (known === undefined || isHelp(argv)) return '';
  const given = (option: keyof typeof STORAGE) =>
    givenFor(option, words, known.specs) ?? env[envName(ENV_PREFIX, option)] ?? '';
  return given('storage.path') === '' ? given('config.file') : '';
}

const isHelp = (argv: readonly string[]) => argv.includes('--help') || argv.includes('-h');

/** What stands behind a flag, if it is there. */
function givenFor(option: string, words: readonly string[], specs: OptionSpecs): string | undefined {
  const flag = `--${option}`;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === flag) return words[i + 1] ?? '';
    if (word.startsWith(`${flag}=`)) return word.slice(flag.length + 1);
    const spec = specs[word.replace(/^--/, '')];
    if (spec !== undefined && spec.placeholder !== '') i++;
  }
  return undefined;
}

/**
 * @param file what the configuration file says: see `findTokenFile`.
 * @throws OptionError, CredentialsError
 */
export function runTokenCommand(
  argv: readonly string[],
  env: Environment,
  output: Output,
  file: ReadonlyMap<string, FileOption> = new Map(),
): void {
  if (isHelp(argv)) return output.out(tokenUsage());
  const [command = '', ...rest] = argv;
  const sources = { env, file };
  switch (command) {
    case 'create':
      return create(rest, sources, output);
    case 'list':
      return list(rest, sources, output);
    case 'rotate':
      return rotate(rest, sources, output);
    case 'revoke':
      return revoke(rest, sources, output);
  }
  const near = nearest(command, Object.keys(COMMANDS));
  const hint = near === undefined ? `there are ${Object.keys(COMMANDS).join(', ')}` : `did you mean ${near}?`;
  throw new OptionError(`token: unknown command ${JSON.stringify(command)}; ${hint}`);
}

function create(argv: readonly string[], sources: Sources, { out, note }: Output): void {
  const options = read(CREATE_SPECS, argv, sources);
  const now = systemClock.now();
  const wanted = wantedCredential(options, now);
  const { credential, token, path } = withStore(options, 'make', (store) => {
    if (store.isNew) note(`made ${store.path}, the file of the credentials\n`);
    return { ...notingClosed(store, note, () => store.create(wanted)), path: store.path };
  });
  out(`${token}\n`);
  const until = credential.expiresAt === null ? '' : `, good until ${timeText(credential.expiresAt)}`;
  // Which gateway it is for shows in nothing else.
  note(`made ${credential.kind} token ${credential.id} in ${path}${until}; it is not shown again\n`);
}

/** The first credential shuts out everybody who needed none. */
function notingClosed<T>(store: CredentialStore, note: Output['note'], act: () => T): T {
  const wasOpen = !store.has(...CREDENTIAL_KINDS);
  const value = act();
  if (wasOpen && store.has(...CREDENTIAL_KINDS))
    note(
      'this is the first credential: from now on reporters, scrapers and administrators need one each, also on this machine\n',
    );
  return value;
}

/** Environment and file give the folder only: that one of them chose what is made would surprise. */
function read<S extends OptionSpecs>(
  specs: S,
  argv: readonly string[],
  { env, file }: Sources,
): OptionValues<S> {
  const variables = Object.keys(STORAGE).map((name) => envName(ENV_PREFIX, name));
  const folder = file.get('storage.path');
  return parseOptions(specs, {
    argv,
    env: Object.fromEntries(variables.map((variable) => [variable, env[variable]])),
    envPrefix: ENV_PREFIX,
    file: new Map(folder === undefined ? [] : [['storage.path', folder]]),
  });
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
  if (kind === 'host') refuseBadHost(kind, name);
  if ((kind === 'scrape' || kind === 'admin') && !isScraperName(name)) {
    throw new OptionError(`--${kind}: ${quote(name)} cannot be a name; ${SCRAPER_NAMES}`);
  }
}

function refuseBadHost(flag: string, name: string): void {
  if (isHostName(name)) return;
  throw new OptionError(
    `--${flag}: ${quote(name)} is no name of a host; use 1 to 253 letters, digits, ".", "-" and "_"`,
  );
}

function list(argv: readonly string[], sources: Sources, { out }: Output): void {
  const options = read(LIST_SPECS, argv, sources);
  const now = systemClock.now();
  const isWanted = (wanted: string, is: string) => wanted === 'all' || wanted === is;
  const credentials = withStore(options, 'refuse', (store) => store.list()).filter(
    (each) => isWanted(options.kind, each.kind) && isWanted(options.state, stateOf(each, now)),
  );
  if (!options.json) return out(table(credentials, now));
  const list = credentials.map((each) => described(each, now));
  out(`${JSON.stringify(list, null, 2)}\n`);
}

function rotate(argv: readonly string[], sources: Sources, { out }: Output): void {
  const { ids, flags } = splitIds(argv, STORAGE);
  const options = read(STORAGE, flags, sources);
  const [id] = ids;
  if (id === undefined || ids.length > 1)
    throw new OptionError('token rotate wants the ID of one token; see "token list"');
  const { name } = withStore(options, 'refuse', (store) => store.renew(id));
  out(`${id} of host ${name} will be given a new token; the old one is good until the new one is used\n`);
}

function revoke(argv: readonly string[], sources: Sources, { out, note }: Output): void {
  const { ids, flags } = splitIds(argv, REVOKE_SPECS);
  const { host, certificate, issued, ...options } = read(REVOKE_SPECS, flags, sources);
  if (ids.length === 0 && host === '' && certificate === '') {
    throw new OptionError(
      'token revoke wants the ID of a token, --host NAME or --certificate NAME; see "token list"',
    );
  }
  for (const [flag, name] of [
    ['host', host],
    ['certificate', certificate],
  ] as const) {
    if (name !== '') refuseBadHost(flag, name);
  }
  const { lines, notes } = withStore(options, 'refuse', (store) =>
    notingClosed(store, note, () => revokeAll(store, { ids, host, certificate, issued }, systemClock.now())),
  );
  for (const line of lines) out(`${line}\n`);
  for (const line of notes) note(`${line}\n`);
}

/** IDs may stand before, between and behind the flags. */
function splitIds(argv: readonly string[], specs: OptionSpecs): { ids: string[]; flags: string[] } {
  const ids: string[] = [];
  const flags: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    (word.startsWith('-') ? flags : ids).push(word);
    const spec = specs[word.replace(/^--/, '')];
    const value = argv[i + 1];
    if (!word.startsWith('--') || spec === undefined || spec.placeholder === '' || value === undefined)
      continue;
    flags.push(value);
    i++;
  }
  return { ids, flags };
}

/** @param missing what becomes of a folder without credentials: a mistyped one is not to be filled with an empty file */
function withStore<T>(
  options: Pick<OptionValues<typeof STORAGE>, 'storage.path'>,
  missing: 'make' | 'refuse',
  act: (store: CredentialStore) => T,
): T {
  const folder = options['storage.path'];
  const store = CredentialStore.open({ folder, missing, now: () => systemClock.now() });
  try {
    return act(store);
  } finally {
    store.close();
  }
}

function tokenUsage(): string {
  const sections = Object.entries(COMMANDS).map(
    ([name, { does, specs }]) => `token ${name}  ${does}\n${describeOptions(specs)}\n`,
  );
  return `usage: tributary-gateway token COMMAND [FLAGS]\n\nThe credentials of a gateway, which may run meanwhile.\n\n${sections.join('\n')}`;
}
