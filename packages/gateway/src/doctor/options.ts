/** The doctor's flags, and whom it asks by which credential. */
import { readFileSync } from 'node:fs';
import {
  describeOptions,
  envName,
  type FileOption,
  OptionError,
  type OptionValues,
  parseOptions,
  pathOption,
  switchOption,
  textOption,
} from '@tributary/shared/options';
import { mayHoldCredentials } from '@tributary/shared/redact';
import { ENV_PREFIX, OPTION_SPECS } from '../config.ts';
import { parseListenAddress } from '../http/listen-address.ts';
import type { Access } from './client.ts';

/** Where the gateway of this machine listens, as `serve` is told. */
const OWN = {
  'config.file': { ...OPTION_SPECS['config.file'], help: "The gateway's configuration, as for serve." },
  'web.listen-address': { ...OPTION_SPECS['web.listen-address'], help: 'Where it listens, as for serve.' },
  'web.external-url': {
    ...OPTION_SPECS['web.external-url'],
    help: 'What it is called, as for serve; where it does TLS itself it is asked there.',
  },
  'web.config.file': { ...OPTION_SPECS['web.config.file'], help: 'Whether it does TLS, as for serve.' },
};

const url = (help: string) => textOption({ help, placeholder: 'URL', default: '', check: checkUrl });
const file = (help: string) => pathOption({ help, default: '' });

const SPECS = {
  'gateway.url': url(
    'The gateway; where its configuration says that it listens unless set (--config.file, the environment, the four flags at the end).',
  ),
  'gateway.token-file': file('File with a scrape or an admin token for it.'),
  'gateway.username': textOption({
    help: 'A user of its --web.config.file, in place of a token.',
    placeholder: 'NAME',
    default: '',
  }),
  'gateway.password-file': file('File with the password of that user.'),
  'gateway.ca-file': file('Authorities to believe about its certificate, PEM; those of Node.js unless set.'),
  'prometheus.url': url(
    'The Prometheus that scrapes it, with its path if it has one; nothing about it is looked at unless set.',
  ),
  'prometheus.job': textOption({
    help: 'The scrape job that is the gateway; found by itself unless set.',
    placeholder: 'NAME',
    default: '',
  }),
  'prometheus.token-file': file('File with a token for it, for instance for a proxy before it.'),
  'prometheus.username': textOption({
    help: 'A user of its --web.config.file.',
    placeholder: 'NAME',
    default: '',
  }),
  'prometheus.password-file': file('File with the password of that user.'),
  'prometheus.ca-file': file('Authorities to believe about its certificate, PEM.'),
  json: switchOption({ help: 'As JSON, for programs.', default: false }),
  ...OWN,
};

export type DoctorOptions = OptionValues<typeof SPECS>;

type Environment = Readonly<Record<string, string | undefined>>;

/** @param file what the configuration file says. @throws OptionError */
export function readDoctorOptions(
  argv: readonly string[],
  env: Environment,
  file: ReadonlyMap<string, FileOption> = new Map(),
): DoctorOptions {
  // Environment and file say where the gateway is, and nothing else: they are those of `serve`.
  const own = Object.keys(OWN);
  const variables = own.map((name) => envName(ENV_PREFIX, name));
  const options = parseOptions(SPECS, {
    argv,
    env: Object.fromEntries(variables.map((variable) => [variable, env[variable]])),
    envPrefix: ENV_PREFIX,
    file: new Map([...file].filter(([name]) => own.includes(name))),
  });
  if (options['prometheus.url'] === '' && argv.some((word) => word.startsWith('--prometheus.')))
    throw new OptionError('--prometheus.… wants --prometheus.url URL, which says where it is');
  return options;
}

/** The configuration file that says where the gateway is; '' for none. @throws OptionError */
export function findDoctorFile(argv: readonly string[], env: Environment): string {
  const options = readDoctorOptions(argv, env);
  return options['gateway.url'] === '' ? options['config.file'] : '';
}

/** @throws OptionError */
export function gatewayAccess(options: DoctorOptions): Access {
  return accessTo(options['gateway.url'] || ownUrl(options), options, 'gateway');
}

/** Null where none was named. @throws OptionError */
export function prometheusAccess(options: DoctorOptions): Access | null {
  const given = options['prometheus.url'];
  return given === '' ? null : accessTo(given, options, 'prometheus');
}

function ownUrl(options: DoctorOptions): string {
  const external = options['web.external-url'];
  const isTls = options['web.config.file'] !== '' && hasTls(options['web.config.file']);
  // Its certificate is for that name, not for 127.0.0.1.
  if (isTls && external.startsWith('https:')) return external;
  const { host, port } = parseListenAddress(options['web.listen-address']);
  const isAny = ['', '0.0.0.0', '::'].includes(host);
  const name = isAny ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `${isTls ? 'https' : 'http'}://${name}:${port}`;
}

/** Whether a web configuration turns TLS on; the file is checked by `check-config`, not here. */
function hasTls(name: string): boolean {
  return /^\s*["']?tls_server_config\b/m.test(readFile('--web.config.file', name));
}

function accessTo(given: string, options: DoctorOptions, whom: 'gateway' | 'prometheus'): Access {
  const token = options[`${whom}.token-file`];
  const user = options[`${whom}.username`];
  const password = options[`${whom}.password-file`];
  const ca = options[`${whom}.ca-file`];
  if (token !== '' && user !== '')
    throw new OptionError(`--${whom}.token-file and --${whom}.username: give one of the two`);
  if ((user === '') !== (password === ''))
    throw new OptionError(`--${whom}.username and --${whom}.password-file go together`);
  return {
    url: new URL(given),
    authorization:
      token !== ''
        ? `Bearer ${readToken(`--${whom}.token-file`, token)}`
        : user === ''
          ? null
          : basic(user, readFile(`--${whom}.password-file`, password)),
    ca: ca === '' ? null : readFile(`--${whom}.ca-file`, ca),
  };
}

function readToken(flag: string, name: string): string {
  const token = readFile(flag, name).trim();
  // Never the text itself: it may be another secret.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new OptionError(`${flag}: ${name} holds no token in one line`);
  return token;
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password.replace(/\r?\n$/, '')}`).toString('base64')}`;
}

function readFile(flag: string, name: string): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is none' : code === 'EACCES' ? 'permission denied' : code;
    throw new OptionError(`${flag}: ${name} cannot be read: ${why}`);
  }
}

function checkUrl(text: string): string {
  const parsed = URL.parse(text);
  if (text === '') throw new OptionError('must not be empty');
  if (mayHoldCredentials(text, parsed))
    throw new OptionError('it cannot have a name or a password in it, which others would see; give a file');
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:')
    throw new OptionError(`${JSON.stringify(text)} is not an http:// or https:// URL`);
  return `${parsed.origin}${parsed.pathname}`;
}

export function doctorUsage(): string {
  return `usage: tributary-gateway doctor [FLAGS]

Looks at a running gateway and, when told where, at the Prometheus that scrapes it, and says what is wrong or will be, and the
line to change. It changes nothing.

${describeOptions(SPECS)}

Exit code: 0 when nothing is wrong (there may be notes), 1 when there are warnings or errors, 2 when the gateway cannot be asked.
`;
}
