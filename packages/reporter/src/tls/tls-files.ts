/** Reads what certificates and keys are kept in. Contents never get into a message. */
import { X509Certificate } from 'node:crypto';
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

export type TlsFile = 'caFile' | 'certFile' | 'keyFile';

/**
 * @param explain makes of what is wrong with a file the error that is thrown.
 * @throws as `readSmallFile`, and for a file without what it is there for: an empty one must not count as none.
 */
export async function readTls(
  tls: TlsOptions,
  explain: (which: TlsFile, error: Error) => Error = (_, error) => error,
): Promise<TlsSettings> {
  const { serverName = '', insecureSkipVerify = false } = tls;
  const read = (which: TlsFile, mustHold: typeof mustHoldKey) =>
    readUnlessNone(tls[which] ?? '', mustHold).catch((error: Error) => Promise.reject(explain(which, error)));
  // One after the other: on a mount that is dead each keeps a thread, of which there are four.
  const ca = await read('caFile', mustHoldCertificate);
  const cert = await read('certFile', mustHoldCertificate);
  const key = await read('keyFile', mustHoldKey);
  return {
    minVersion: TLS_VERSIONS[tls.minVersion ?? TLS_VERSION_DEFAULT],
    rejectUnauthorized: !insecureSkipVerify,
    // Without these all of Node.js's authorities would be believed, and nobody's certificate shown.
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(serverName === '' ? {} : { servername: serverName }),
  };
}

async function readUnlessNone(
  path: string,
  check: (text: string, path: string) => void,
): Promise<string | null> {
  if (path === '') return null;
  const text = await readSmallFile(path);
  check(text, path);
  return text;
}

function mustHoldCertificate(text: string, path: string): void {
  try {
    // It reads the first of them, as TLS does; where that cannot be read, TLS would silently take none.
    new X509Certificate(text);
  } catch {
    throw new Error(`${path} holds no certificate that can be read: PEM is needed${hintOf(text)}`);
  }
}

function mustHoldKey(text: string, path: string): void {
  // What else may be wrong with a key TLS says by itself.
  if (text.trim() === '') throw new Error(`${path} holds no key: PEM is needed${hintOf(text)}`);
}

function hintOf(text: string): string {
  return text.trim() === '' ? ', and the file is empty' : '';
}
