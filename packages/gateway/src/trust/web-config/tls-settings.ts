/** From the section `tls_server_config` and the files that it names to what a server is given, all of it tried. */
import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { quote } from '@tributary/shared/names';
import { OptionError } from '@tributary/shared/options';
import { CIPHERS, CIPHERS_13, CURVES, DEFAULT_CIPHERS, VERSIONS } from './go-names.ts';
import type { PemFile } from './pem-file.ts';
import type { TlsSection } from './schema.ts';
import type { ClientAuthType, TlsSettings } from './web-config.ts';

export interface TlsFile extends PemFile {
  /** The key that names it, or that it stands at: `tls_server_config.cert_file`. */
  readonly about: string;
  /** Whether it stands in the web configuration itself. */
  readonly isInline: boolean;
}

export interface TlsFiles {
  readonly cert: TlsFile;
  readonly key: TlsFile;
  readonly clientCa: TlsFile | null;
}

export interface TlsOutcome {
  readonly tls: TlsSettings;
  readonly warnings: readonly string[];
}

/**
 * No session is resumed, so that every connection shows its certificate to the authorities of now; Prometheus and the
 * reporters do not try to. Nor is anything negotiated anew within a connection.
 */
const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION;

/**
 * @param now in ms since 1970.
 * @throws OptionError about the key that is wrong.
 */
export function tlsSettings(section: TlsSection, { cert, key, clientCa }: TlsFiles, now: number): TlsOutcome {
  const clientAuth = clientAuthOf(section, clientCa);
  const [leaf] = certificatesOf(cert);
  if (leaf === undefined) throw mistake(cert, 'has no certificate in it');
  const privateKey = privateKeyOf(key);
  if (!leaf.checkPrivateKey(privateKey))
    throw mistake(key, `is not the key of the certificate ${placeOf(cert)} (${quote(leaf.subject, 200)})`);
  const context: SecureContextOptions = {
    cert: cert.text,
    key: key.text,
    // Without any, those that every browser believes would be asked.
    ca: isVerified(clientAuth) && clientCa !== null ? authoritiesOf(clientCa) : [],
    secureOptions: SECURE_OPTIONS,
    honorCipherOrder: section.preferServerCipherSuites ?? true,
    ...versionsOf(section),
    ...ciphersOf(section),
    ...curvesOf(section),
  };
  try {
    createSecureContext(context);
  } catch (error) {
    // What was not thought of above, and OpenSSL does not take.
    throw new OptionError(`tls_server_config: ${(error as Error).message}`, ['tls_server_config']);
  }
  const sans = section.clientAllowedSans;
  return {
    tls: {
      clientAuth,
      clientAllowedSans: sans === undefined ? null : new Set(sans),
      context,
      notAfter: leaf.validToDate.getTime(),
    },
    warnings: warningsOf(leaf, cert, key, now),
  };
}

/** Whether what is known of a client's certificate was shown by an authority. */
export function isVerified(clientAuth: ClientAuthType): boolean {
  return clientAuth === 'VerifyClientCertIfGiven' || clientAuth === 'RequireAndVerifyClientCert';
}

function clientAuthOf(section: TlsSection, clientCa: TlsFile | null): ClientAuthType {
  // Checked when it was read.
  const clientAuth = (section.clientAuthType ?? 'NoClientCert') as ClientAuthType;
  const about = 'tls_server_config.client_auth_type';
  if (clientCa !== null && clientAuth === 'NoClientCert')
    throw new OptionError(
      `${clientCa.about} is given, and no client is asked for a certificate; add client_auth_type: RequireAndVerifyClientCert, or VerifyClientCertIfGiven`,
      [clientCa.about],
    );
  if (clientCa === null && isVerified(clientAuth))
    throw new OptionError(`${about}: ${clientAuth} needs client_ca_file, the authority to verify by`, [
      about,
    ]);
  const sans = section.clientAllowedSans;
  const sansKey = 'tls_server_config.client_allowed_sans';
  if (sans !== undefined && !clientAuth.startsWith('Require'))
    throw new OptionError(
      `${sansKey} needs client_auth_type: RequireAndVerifyClientCert (or RequireAnyClientCert)`,
      [sansKey],
    );
  if (sans?.length === 0)
    throw new OptionError(`${sansKey} is empty, which no client could pass; leave it out`, [sansKey]);
  return clientAuth;
}

function certificatesOf(file: TlsFile): X509Certificate[] {
  const blocks = file.text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw mistake(file, 'has a certificate that cannot be read', error);
  }
}

/** Each for itself: a bundle that is one text is read up to the first that is no good, in silence. */
function authoritiesOf(file: TlsFile): string[] {
  const authorities = certificatesOf(file);
  if (authorities.length === 0) throw mistake(file, 'has no certificate in it');
  // OpenSSL believes nothing else at the end of a chain, and would refuse every client.
  if (!authorities.some((authority) => authority.checkIssued(authority)))
    throw mistake(file, 'has no root in it, a certificate that signed itself; add the authorities above');
  return authorities.map((authority) => authority.toString());
}

function privateKeyOf(file: TlsFile): KeyObject {
  try {
    return createPrivateKey(file.text);
  } catch (error) {
    const isEncrypted = /ENCRYPTED/.test(file.text);
    throw mistake(
      file,
      isEncrypted
        ? 'is protected by a passphrase, which nobody could enter here'
        : 'has no private key in it',
      error,
    );
  }
}

function versionsOf({ minVersion = 'TLS12', maxVersion = 'TLS13' }: TlsSection): SecureContextOptions {
  const [min, max] = [VERSIONS.get(minVersion), VERSIONS.get(maxVersion)];
  if (min === undefined || max === undefined) throw new RangeError('versions were not checked');
  if (min > max)
    throw new OptionError(`tls_server_config: min_version ${minVersion} is above max_version ${maxVersion}`, [
      'tls_server_config.max_version',
      'tls_server_config.min_version',
    ]);
  return { minVersion: min, maxVersion: max };
}

/** Node takes all suites as one list, and serves no TLS 1.3 where none of its suites is among them. */
function ciphersOf({ cipherSuites, minVersion, maxVersion }: TlsSection): SecureContextOptions {
  const given = cipherSuites?.length ? cipherSuites : undefined;
  const older =
    minVersion === 'TLS13' ? [] : (given?.flatMap((name) => CIPHERS.get(name) ?? []) ?? DEFAULT_CIPHERS);
  const newer = maxVersion === 'TLS12' ? [] : CIPHERS_13;
  if (older.length === 0 && newer.length === 0)
    throw new OptionError(
      'tls_server_config.cipher_suites has suites of TLS 1.3 only, and max_version is TLS12',
      ['tls_server_config.cipher_suites'],
    );
  return { ciphers: [...newer, ...older].join(':') };
}

function curvesOf({ curvePreferences: names = [] }: TlsSection): SecureContextOptions {
  return names.length === 0 ? {} : { ecdhCurve: names.map((name) => CURVES.get(name)).join(':') };
}

function warningsOf(leaf: X509Certificate, cert: TlsFile, key: TlsFile, now: number): string[] {
  const warnings: string[] = [];
  if (key.isOpenToOthers)
    warnings.push(
      `the private key ${placeOf(key)} can be read by others than its owner and group; chmod 600 keeps it to the gateway's user`,
    );
  const [from, to] = [leaf.validFromDate, leaf.validToDate];
  if (now > to.getTime()) warnings.push(`the certificate ${placeOf(cert)} ended on ${to.toISOString()}`);
  if (now < from.getTime())
    warnings.push(`the certificate ${placeOf(cert)} does not begin before ${from.toISOString()}`);
  return warnings;
}

function placeOf({ path, isInline }: TlsFile): string {
  return isInline ? 'in this file' : path;
}

function mistake(file: TlsFile, what: string, cause?: unknown): OptionError {
  const error = new OptionError(`${file.about}: ${file.isInline ? 'it' : quote(file.path, 300)} ${what}`, [
    file.about,
  ]);
  error.cause = cause;
  return error;
}
