/** Checks what a target's entry says of its requests: who asks, by what headers, and whom it trusts. */
import { quote } from '@tributary/shared/names';
import { OptionError } from '@tributary/shared/options';
import { TLS_VERSIONS, type TlsOptions } from '../tls/tls-options.ts';
import { type Credentials, type Secret, TARGET_DEFAULTS, type TargetOptions } from './target-options.ts';

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
/** RFC 9110, 5.5, but for bytes beyond ASCII, which no two programs read alike. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** What the scrape itself decides. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-prometheus-scrape-timeout-seconds',
]);

/** @throws OptionError */
export function credentialsOf(options: TargetOptions): Credentials {
  const { basicAuth, authorization, bearerTokenFile } = options;
  const ways = [basicAuth, authorization, bearerTokenFile].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw new OptionError('only one of basic_auth, authorization and bearer_token_file can be given');
  if (basicAuth !== undefined) {
    const { username, password, passwordFile } = basicAuth;
    if (username.includes(':'))
      throw new OptionError('basic_auth: a username cannot have a colon in it', ['basic_auth.username']);
    const secret = secretOf('basic_auth', 'password', password, passwordFile) ?? { text: '' };
    return { kind: 'basic', username, secret };
  }
  const type = authorization?.type ?? TARGET_DEFAULTS.authorizationType;
  const file = authorization?.credentialsFile ?? bearerTokenFile;
  const secret = secretOf('authorization', 'credentials', authorization?.credentials, file);
  if (authorization === undefined && bearerTokenFile === undefined) return { kind: 'none' };
  if (!TOKEN.test(type))
    throw new OptionError(`authorization: ${quote(type)} is no type`, ['authorization.type']);
  if (type.toLowerCase() === 'basic')
    throw new OptionError('authorization: for the type Basic use basic_auth', ['authorization.type']);
  if (secret === null)
    throw new OptionError('authorization needs credentials or credentials_file', ['authorization']);
  return { kind: 'authorization', type, secret };
}

function secretOf(
  where: string,
  key: string,
  text: string | undefined,
  file: string | undefined,
): Secret | null {
  if (text !== undefined && file !== undefined)
    throw new OptionError(`${where}: only one of ${key} and ${key}_file can be given`, [
      `${where}.${key}_file`,
    ]);
  if (file === '') throw new OptionError(`${where}: ${key}_file is empty`, [`${where}.${key}_file`]);
  return file !== undefined ? { file } : text !== undefined ? { text } : null;
}

/** @throws OptionError */
export function headersOf(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    const about = [`headers.${name}`];
    if (!TOKEN.test(name)) throw new OptionError(`headers: ${quote(name)} is no name of a header`, about);
    if (RESERVED_HEADERS.has(name.toLowerCase()))
      throw new OptionError(`headers: ${name} cannot be set here`, about);
    // The value may be a secret, and is not shown.
    if (!HEADER_VALUE.test(value))
      throw new OptionError(`headers: the value of ${name} cannot be sent`, about);
  }
  return headers;
}

/** @throws OptionError */
export function checkTls(tls: TlsOptions): TlsOptions {
  const { certFile = '', keyFile = '', minVersion = TARGET_DEFAULTS.minVersion } = tls;
  if ((certFile === '') !== (keyFile === ''))
    throw new OptionError('tls_config: cert_file and key_file go together', ['tls_config']);
  if (!Object.hasOwn(TLS_VERSIONS, minVersion)) {
    const known = Object.keys(TLS_VERSIONS).join(', ');
    throw new OptionError(`tls_config: min_version ${quote(minVersion)} is none of ${known}`, [
      'tls_config.min_version',
    ]);
  }
  return tls;
}
