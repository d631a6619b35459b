/** Reads the files of TLS for the gateway so that whatever is wrong names the flag and the file. Contents never get into a message. */
import { createSecureContext } from 'node:tls';
import { readTls, type TlsFile, type TlsSettings } from '../tls/tls-files.ts';
import type { TlsOptions } from '../tls/tls-options.ts';

const FLAGS: Readonly<Record<TlsFile, string>> = {
  caFile: '--gateway.tls.ca-file',
  certFile: '--gateway.tls.cert-file',
  keyFile: '--gateway.tls.key-file',
};

/** @throws Error whose message may be logged. */
export async function readGatewayTls(tls: TlsOptions): Promise<TlsSettings> {
  const settings = await readTls(tls, (which, { message }) => new Error(`${FLAGS[which]}: ${message}`));
  const { caFile = '', certFile = '', keyFile = '' } = tls;
  const { ca, cert, key } = settings;
  if (caFile !== '') attempt({ ca }, `${FLAGS.caFile}: ${caFile}`);
  if (certFile === '') return settings;
  attempt({ cert }, `${FLAGS.certFile}: ${certFile}`);
  attempt({ cert, key }, `${FLAGS.keyFile}: ${keyFile} is no key for ${certFile} (${FLAGS.certFile})`);
  return settings;
}

/** @throws Error that begins with `about` when OpenSSL does not take it. */
function attempt(options: Pick<TlsSettings, 'ca' | 'cert' | 'key'>, about: string): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw new Error(`${about}: ${(error as Error).message}`, { cause: error });
  }
}
