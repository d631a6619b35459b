/**
 * `install-service` and `uninstall-service`: the reporter as a service of systemd. What the command line says behind it is what
 * the service is started with.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { OptionError, type OptionOrigin, type OptionSpec, type OptionSpecs } from '@tributary/shared/options';
import { type Credential, SERVICE, STATE_FOLDER, unitText } from './unit.ts';

export interface ServiceParts {
  /** Of each option how it is written and where that stands, as `resolveOptions` tells; checked. */
  readonly origins: ReadonlyMap<string, OptionOrigin>;
  readonly specs: OptionSpecs;
  /** The program and what has to stand before its flags. */
  readonly program: readonly string[];
  readonly target: ServiceTarget;
}

export interface ServiceTarget {
  readonly say: (line: string) => void;
  /** A file system beneath which the unit is written, as systemctl's own `--root`; nothing is started there. '' for this very machine. */
  readonly root: string;
  readonly isRoot: boolean;
}

/** Read by root when the service starts, since its own user cannot. */
const SECRET_FILES = new Map([
  ['gateway.token-file', 'gateway-token'],
  ['gateway.tls.key-file', 'gateway-tls-key'],
]);

const run = promisify(execFile);

/** @throws OptionError when it cannot be done; nothing has changed then, or it says what. */
export async function installService(parts: ServiceParts): Promise<void> {
  const { root, say } = parts.target;
  refuseElsewhere(parts.target);
  const text = serviceUnit(parts);
  // Beneath another root there are other files.
  if (root === '') refuseUnreadable(parts);
  const file = unitFile(root);
  const before = readOr(file);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o644 });
  say(`${before === null ? 'wrote' : before === text ? 'unchanged:' : 'replaced'} ${file}`);
  if (root !== '') return;
  await systemctl('daemon-reload');
  await systemctl('enable', SERVICE);
  // Until it says that it is ready.
  await systemctl('restart', SERVICE).catch((error: Error) => {
    const text = 'the service is installed and goes on trying; uninstall-service takes it back';
    throw new OptionError(`${error.message}; ${text}`);
  });
  say(`${SERVICE} runs; its log: journalctl -u ${SERVICE}; its spool: ${STATE_FOLDER}`);
}

/** @throws OptionError */
export async function uninstallService(target: ServiceTarget): Promise<void> {
  const { root, say } = target;
  refuseElsewhere(target);
  const file = unitFile(root);
  if (readOr(file) === null) throw new OptionError(`there is no ${file}; the service is not installed`);
  if (root === '') await systemctl('disable', '--now', SERVICE);
  rmSync(file);
  if (root === '') await systemctl('daemon-reload');
  say(`removed ${file}; samples that wait, and the host's token, stay in ${STATE_FOLDER}`);
}

/** @throws OptionError for what no service can have. */
export function serviceUnit({ origins, specs, program }: Omit<ServiceParts, 'target'>): string {
  const spool = origins.get('spool.path');
  if (spool !== undefined && spool.from !== 'default')
    throw new OptionError(`the spool of the service is ${STATE_FOLDER}; leave spool.path out`, [
      'spool.path',
    ]);
  const words: string[] = [];
  for (const [name, { from, texts }] of origins) {
    const spec = specs[name];
    const isHandedOver = SECRET_FILES.has(name) && texts[0] !== '';
    if (name === 'spool.path') words.push(`--spool.path=${STATE_FOLDER}`);
    else if (spec !== undefined && !isHandedOver && (from === 'flag' || from === 'environment'))
      words.push(...wordsOf(name, texts, spec));
  }
  try {
    return unitText({ command: [...program, ...words], credentials: credentialsOf(origins) });
  } catch (error) {
    throw error instanceof RangeError ? new OptionError(error.message) : error;
  }
}

function credentialsOf(origins: ServiceParts['origins']): Credential[] {
  return [...SECRET_FILES].flatMap(([option, name]) => {
    const file = origins.get(option)?.texts[0] ?? '';
    return file === '' ? [] : [{ option, name, file: resolve(file) }];
  });
}

/** As on a command line; what the shell has in its environment, the service has not. */
function wordsOf(name: string, texts: readonly string[], spec: OptionSpec<unknown>): string[] {
  if (spec.placeholder === '') return [texts[0] === 'false' ? `--no-${name}` : `--${name}`];
  if (spec.isSecret === true || texts.some(holdsSecret))
    throw new OptionError(
      `--${name} would stand in the unit, where anybody can read it; put it into a file, and name that by --config.file`,
      [name],
    );
  return texts.map((text) => `--${name}=${spec.isPath === true && text !== '' ? resolve(text) : text}`);
}

/** Name, password and query of a URL are shown nowhere else either. */
function holdsSecret(text: string): boolean {
  const url = /^[a-z][a-z+.-]*:\/\//i.test(text) ? URL.parse(text) : null;
  return url !== null && (url.username !== '' || url.password !== '' || url.search !== '');
}

/** What the service's own user has to read, and what root has to. @throws OptionError */
function refuseUnreadable({ origins, specs, program }: Omit<ServiceParts, 'target'>): void {
  for (const file of program.filter((word) => word.startsWith('/')))
    refuseClosed(file, 'install the program for all users, such as by "npm install -g" as root');
  for (const { option, file } of credentialsOf(origins)) {
    if (statOr(file) === null) throw new OptionError(`${file} (--${option}) is not there`, [option]);
  }
  for (const [name, { from, texts }] of origins) {
    const [file = ''] = texts;
    const isFile = specs[name]?.isPath === true && from !== 'default' && file !== '';
    if (!isFile || SECRET_FILES.has(name) || name === 'spool.path') continue;
    if (statOr(resolve(file)) === null) throw new OptionError(`${file} (--${name}) is not there`, [name]);
    refuseClosed(resolve(file), `open it to others (--${name}), for the service has a user of its own`);
  }
}

function unitFile(root: string): string {
  return join(resolve(root === '' ? '/' : root), 'etc/systemd/system', `${SERVICE}.service`);
}

function refuseElsewhere({ root, isRoot }: ServiceTarget): void {
  if (root !== '') return;
  if (statOr('/run/systemd/system') === null)
    throw new OptionError('systemd does not run here; docs/SERVICE.md of the project tells of other systems');
  if (!isRoot) throw new OptionError('only root can install a service; use sudo');
}

/** The service has a user of its own, who can enter only what is open to all. @throws OptionError */
export function refuseClosed(file: string, remedy: string): void {
  const [READ, ENTER] = [0o004, 0o001];
  const real = realpathSync(file);
  for (let path = real; ; path = dirname(path)) {
    const needed = path === real ? READ : ENTER;
    if ((statSync(path).mode & needed) === 0)
      throw new OptionError(`a service cannot use ${file}, since ${path} is closed to others; ${remedy}`);
    if (path === dirname(path)) return;
  }
}

function readOr(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function statOr(path: string): object | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

/** @throws OptionError with what systemctl said. */
async function systemctl(...args: readonly string[]): Promise<void> {
  try {
    await run('systemctl', [...args]);
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const why = stderr.trim() || message;
    throw new OptionError(`systemctl ${args.join(' ')}: ${why} (see journalctl -u ${SERVICE})`);
  }
}
