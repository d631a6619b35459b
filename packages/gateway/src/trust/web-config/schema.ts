/** The keys of the web configuration, and what may stand at each; what they must be together is in read-web-config.ts. */
import { validateHeaderValue } from 'node:http';
import { listOf, type ObjectOf, objectOf, value } from '@tributary/shared/config-schema';
import { quote } from '@tributary/shared/names';
import { nearest } from '@tributary/shared/nearest';
import {
  durationOption,
  mapOption,
  numberOption,
  OptionError,
  pathOption,
  switchOption,
  textOption,
} from '@tributary/shared/options';
import { costOf } from './bcrypt-hash.ts';
import { CIPHERS, CIPHERS_13, CURVES, OLD_VERSIONS, VERSIONS } from './go-names.ts';
import { CLIENT_AUTH_TYPES } from './web-config.ts';

/** Basic authentication is for a few users; each beyond would still be one entry of a map. */
const USERS_MAX = 1000;
const USER_CHARS_MAX = 256;
const ITEMS_MAX = 256;
const HEADER_CHARS_MAX = 8192;

const NO_HELP = { help: '', default: '' };

const path = () => value(pathOption(NO_HELP));
const text = (check: (text: string) => string = (given) => given) => value(textOption({ ...NO_HELP, check }));
const listOfTexts = (check: (text: string) => string) => listOf(text(check), ITEMS_MAX);

const TLS_KEYS = {
  cert_file: path(),
  key_file: path(),
  cert: text(),
  key: text(),
  client_ca_file: path(),
  client_ca: text(),
  client_auth_type: text(checkClientAuth),
  client_allowed_sans: listOfTexts(checkSan),
  min_version: text(checkVersion),
  max_version: text(checkVersion),
  cipher_suites: listOfTexts(checkCipher),
  curve_preferences: listOfTexts((name) => oneOf(name, [...CURVES.keys()], 'curve')),
  prefer_server_cipher_suites: value(switchOption({ help: '', default: true })),
};

/** Those that exporter-toolkit allows, with the values that it allows. */
const HEADER_KEYS = {
  'Content-Security-Policy': header('Content-Security-Policy'),
  'X-Frame-Options': header('X-Frame-Options', ['deny', 'sameorigin']),
  'X-Content-Type-Options': header('X-Content-Type-Options', ['nosniff']),
  'X-XSS-Protection': header('X-XSS-Protection'),
  'Strict-Transport-Security': header('Strict-Transport-Security'),
};

export const WEB_CONFIG_SECTIONS = {
  tls_server_config: objectOf(TLS_KEYS, {
    oneOf: [
      ['cert', 'cert_file'],
      ['key', 'key_file'],
      ['client_ca', 'client_ca_file'],
    ],
  }),
  http_server_config: objectOf({
    http2: value(switchOption({ help: '', default: true })),
    headers: objectOf(HEADER_KEYS),
  }),
  basic_auth_users: value(mapOption({ help: '', checkKey: checkUser, checkValue: checkHash })),
  rate_limit: objectOf({
    interval: value(durationOption({ help: '', defaultMs: 0 })),
    burst: value(numberOption({ help: '', default: 0, min: 0, max: 1_000_000 })),
  }),
};

export type WebConfigSections = ObjectOf<typeof WEB_CONFIG_SECTIONS, never>;
export type TlsSection = NonNullable<WebConfigSections['tlsServerConfig']>;

function oneOf(given: string, known: readonly string[], what: string): string {
  if (known.includes(given)) return given;
  const near = nearest(given, known) ?? known.find((name) => name.toLowerCase() === given.toLowerCase());
  const hint = near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`;
  throw new OptionError(`${quote(given)} is no ${what}; ${hint}`);
}

function checkVersion(given: string): string {
  if (OLD_VERSIONS.includes(given))
    throw new OptionError(`${given} is too weak to be served; TLS12 and TLS13 are possible`);
  return oneOf(given, [...VERSIONS.keys()], 'TLS version');
}

function checkCipher(given: string): string {
  if (/^TLS_RSA_WITH_/.test(given))
    throw new OptionError(`${quote(given)} has no forward secrecy; choose one of TLS_ECDHE_…`);
  const known = [...CIPHERS.keys(), ...CIPHERS_13];
  if (known.includes(given)) return given;
  const near = nearest(given, known);
  const hint = near === undefined ? 'see docs/TLS.md' : `did you mean ${near}?`;
  throw new OptionError(`${quote(given)} is no cipher suite that is possible here; ${hint}`);
}

function checkClientAuth(given: string): string {
  // Exporter-toolkit keeps its own former name.
  if (given === 'RequireClientCert') return 'RequireAnyClientCert';
  return given === '' ? 'NoClientCert' : oneOf(given, CLIENT_AUTH_TYPES, 'client_auth_type');
}

function checkSan(given: string): string {
  if (given === '') throw new OptionError('a name is needed');
  return given;
}

function header(name: string, values: readonly string[] = []) {
  return text((given) => {
    if (given === '') return given;
    if (values.length > 0 && !values.includes(given))
      throw new OptionError(`${quote(given)} is none of ${values.join(', ')}`);
    if (given.length > HEADER_CHARS_MAX)
      throw new OptionError(`the header has more than ${HEADER_CHARS_MAX} characters`);
    try {
      validateHeaderValue(name, given);
    } catch {
      throw new OptionError(`${quote(given)} has a character that no header may have`);
    }
    return given;
  });
}

/** @throws OptionError for a name that no client can send (RFC 7617). */
function checkUser(name: string): void {
  if (name.includes(':'))
    throw new OptionError(`the user ${quote(name)} has a colon, which no client can send`);
  if (name.length > USER_CHARS_MAX)
    throw new OptionError(`the user ${quote(name)} has more than ${USER_CHARS_MAX} characters`);
  if (/\p{Cc}/u.test(name)) throw new OptionError(`the user ${quote(name)} has a control character`);
}

/** The hash itself stands in no message: it may be the password. */
function checkHash(hash: string, user: string): void {
  try {
    costOf(hash);
  } catch (error) {
    throw new OptionError(`the user ${quote(user)} ${(error as Error).message}`);
  }
}

/** @throws OptionError */
export function checkUsers(users: ReadonlyMap<string, string>): void {
  if (users.size <= USERS_MAX) return;
  throw new OptionError(`basic_auth_users: ${users.size} users; at most ${USERS_MAX} are possible`, [
    'basic_auth_users',
  ]);
}
