/** Reads what a target's credentials and certificates are kept in. Contents never get into a message. */
import { readFile, stat } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { ScrapeError } from './scrape-error.ts';
import {
  type Credentials,
  type Secret,
  TARGET_DEFAULTS,
  TLS_VERSIONS,
  type TlsOptions,
} from './target-options.ts';

/** A credential has some hundred bytes; a bundle of all public authorities a few hundred thousand. */
const BYTES_MAX = 1024 * 1024;

/** @throws ScrapeError `secret` */
async function readSecretFile(path: string): Promise<string> {
  try {
    const about = await stat(path);
    // Opening a pipe would wait for whoever writes into it.
    if (!about.isFile()) throw new Error(`${path} is no file`);
    if (about.size > BYTES_MAX) throw new Error(`${path} is larger than ${BYTES_MAX} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ScrapeError('secret', (error as Error).message, { cause: error });
  }
}

async function textOf(secret: Secret): Promise<string> {
  return 'text' in secret ? secret.text : (await readSecretFile(secret.file)).trim();
}

/**
 * The value of the header `Authorization`; null for none.
 * @throws ScrapeError `secret`
 */
export async function authorizationOf(credentials: Credentials): Promise<string | null> {
  if (credentials.kind === 'none') return null;
  const text = await textOf(credentials.secret);
  if (credentials.kind === 'basic')
    return `Basic ${Buffer.from(`${credentials.username}:${text}`).toString('base64')}`;
  // Node would say so too, but for some of what a broken file may hold.
  if (text === '' || !/^[\t\x20-\x7e]+$/.test(text))
    throw new ScrapeError('secret', 'the credentials are empty or hold what no header may');
  return `${credentials.type} ${text}`;
}

export interface TlsSettings extends SecureContextOptions {
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/**
 * Another text once one of the files was written or replaced.
 * @throws ScrapeError `secret`
 */
export async function stampOf({ caFile = '', certFile = '', keyFile = '' }: TlsOptions): Promise<string> {
  const stamps = [caFile, certFile, keyFile].map(async (path) => {
    if (path === '') return '';
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  });
  try {
    return (await Promise.all(stamps)).join();
  } catch (error) {
    throw new ScrapeError('secret', (error as Error).message, { cause: error });
  }
}

/** @throws ScrapeError `secret` */
export async function readTls(tls: TlsOptions): Promise<TlsSettings> {
  const { caFile = '', certFile = '', keyFile = '', serverName = '', insecureSkipVerify = false } = tls;
  const read = (path: string) => (path === '' ? '' : readSecretFile(path));
  const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)]);
  return {
    minVersion: TLS_VERSIONS[tls.minVersion ?? TARGET_DEFAULTS.minVersion],
    rejectUnauthorized: !insecureSkipVerify,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(serverName === '' ? {} : { servername: serverName }),
  };
}
