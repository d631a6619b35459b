/** Reads what a target's credentials and certificates are kept in. Contents never get into a message. */
import { readSmallFile, readTls, stampOf, type TlsSettings } from '../tls/tls-files.ts';
import type { TlsOptions } from '../tls/tls-options.ts';
import { ScrapeError } from './scrape-error.ts';
import type { Credentials, Secret } from './target-options.ts';

/** @throws ScrapeError `secret` */
async function orScrapeError<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw new ScrapeError('secret', (error as Error).message, { cause: error });
  }
}

async function textOf(secret: Secret): Promise<string> {
  return 'text' in secret ? secret.text : (await orScrapeError(readSmallFile(secret.file))).trim();
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

/** @throws ScrapeError `secret` */
export function stampOfFiles(tls: TlsOptions): Promise<string> {
  return orScrapeError(stampOf(tls));
}

/** @throws ScrapeError `secret` */
export function readTlsFiles(tls: TlsOptions): Promise<TlsSettings> {
  return orScrapeError(readTls(tls));
}
