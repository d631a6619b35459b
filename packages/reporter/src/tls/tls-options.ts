/** What a file or flags say of TLS, for targets and for the gateway alike; by Prometheus's names of `tls_config`. */

export const TLS_VERSIONS = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
} as const;

export type TlsVersion = keyof typeof TLS_VERSIONS;

export const TLS_VERSION_DEFAULT: TlsVersion = 'TLS12';

export interface TlsOptions {
  /** PEM files; '' is none. Authorities are in place of Node.js's own. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name that the certificate has to have; the URL's unless given. */
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
  /** `TLS12` unless given. */
  readonly minVersion?: TlsVersion;
}
