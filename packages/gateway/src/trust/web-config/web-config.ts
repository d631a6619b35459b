/**
 * What `--web.config.file` says, in Prometheus's own format (exporter-toolkit, docs/web-configuration.md), read and checked
 * with the files that it names. How it is read is in read-web-config.ts, how it is kept up to date in watch.ts.
 */
import type { SecureContextOptions } from 'node:tls';

/** Go's policies for certificates of clients (crypto/tls, ClientAuthType). */
export const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;

export type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number];

export interface WebConfig {
  /** Hashes of bcrypt by the user's name. */
  readonly users: ReadonlyMap<string, string>;
  /** Null for plain HTTP. */
  readonly tls: TlsSettings | null;
  /** Of every answer to an HTTP request. */
  readonly headers: ReadonlyMap<string, string>;
  /** Null for none. */
  readonly rateLimit: RateLimit | null;
}

/** One request each `intervalMs`, and up to `burst` at once after a pause. */
export interface RateLimit {
  readonly intervalMs: number;
  readonly burst: number;
}

export interface TlsSettings {
  readonly clientAuth: ClientAuthType;
  /** Of which a client's certificate must carry one; null when it need not. */
  readonly clientAllowedSans: ReadonlySet<string> | null;
  /** For `createSecureContext`, which was tried with them. */
  readonly context: SecureContextOptions;
  /** When the server's certificate ends, in ms since 1970. */
  readonly notAfter: number;
}

/** What stands without a file. */
export const NO_WEB_CONFIG: WebConfig = { users: new Map(), tls: null, headers: new Map(), rateLimit: null };
