/** Reads what certificates and keys are kept in. Contents never get into a message. */
import { readFile, stat } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { TLS_VERSION_DEFAULT, TLS_VERSIONS, type TlsOptions } from './tls-options.ts';

/** A credential has some hundred bytes; a bundle of all public authorities a few hundred thousand. */
const BYTES_MAX = 1024 * 1024;

export interface TlsSettings extends SecureContextOptions {
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** @throws the system's error, or one that says what is wrong with the file. */
export async function readSmallFile(path: string): Promise<string> {
  const about = await stat(path);
  // Opening a pipe would wait for whoever writes into it.
  if (!about.isFile()) throw new Error(`${path} is no file`);
  if (about.size > BYTES_MAX) throw new Error(`${path} is larger than ${BYTES_MAX} bytes`);
  return await readFile(path, 'utf8');
}

/** Another text once one of the files was written or replaced. @throws the system's error */
export async function stampOf({ caFile = '', certFile = '', keyFile = '' }: TlsOptions): Promise<string> {
  const stamps = [caFile, certFile, keyFile].map(async (path) => {
    if (path === '') return '';
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  });
  return (await Promise.all(stamps)).join();
}

/** @throws as `readSmallFile` */
export async function readTls(tls: TlsOptions): Promise<TlsSettings> {
  const { caFile = '', certFile = '', keyFile = '', serverName = '', insecureSkipVerify = false } = tls;
  const read = (path: string) => (path === '' ? '' : readSmallFile(path));
  const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)]);
  return {
    minVersion: TLS_VERSIONS[tls.minVersion ?? TLS_VERSION_DEFAULT],
    rejectUnauthorized: !insecureSkipVerify,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(serverName === '' ? {} : { servername: serverName }),
  };
}
