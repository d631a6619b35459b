/**
 * What the reporter's file says of the exporters that it forwards: `targets:`, one job with its URLs each. Keys of the
 * file are those of Prometheus's `scrape_configs` where it has one (`honor_labels` there is `honorLabels` here).
 */
import type { Labels } from '@tributary/shared/shape';
import { TLS_VERSION_DEFAULT, type TlsOptions } from '../tls/tls-options.ts';

export interface BasicAuthOptions {
  readonly username: string;
  /** One of the two. */
  readonly password?: string;
  readonly passwordFile?: string;
}

export interface AuthorizationOptions {
  /** `Bearer` unless given. */
  readonly type?: string;
  /** One of the two. */
  readonly credentials?: string;
  readonly credentialsFile?: string;
}

/** The format of an answer that does not name one, by Prometheus's names (`fallback_scrape_protocol`). */
export const FALLBACK_FORMATS = {
  none: 'none',
  'PrometheusText0.0.4': 'text',
  'PrometheusText1.0.0': 'text',
  'OpenMetricsText0.0.1': 'openmetrics',
  'OpenMetricsText1.0.0': 'openmetrics',
} as const;

export type FallbackProtocol = keyof typeof FALLBACK_FORMATS;

/** One entry of `targets:`. Durations in ms, sizes in bytes; what is not given has its default. */
export interface TargetOptions {
  readonly job: string;
  /** At least one. Each is a target. */
  readonly urls: readonly string[];
  /** The reporter's unless given. */
  readonly interval?: number;
  /** Never above the interval. */
  readonly timeout?: number;
  /** Labels of every series, in place of the reporter's static ones of the same name; `job` and `instance` too. */
  readonly labels?: Labels;
  readonly honorLabels?: boolean;
  readonly honorTimestamps?: boolean;
  readonly basicAuth?: BasicAuthOptions;
  readonly authorization?: AuthorizationOptions;
  /** Short for `authorization` with nothing but a file of that kind. */
  readonly bearerTokenFile?: string;
  readonly tlsConfig?: TlsOptions;
  /** More headers of the request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly followRedirects?: boolean;
  readonly enableCompression?: boolean;
  /** Samples after `keep` and `drop`; more of them fail the scrape. 0 for as many as all targets of a host may have. */
  readonly sampleLimit?: number;
  /** Bytes of the answer, inflated; more of them fail the scrape. */
  readonly bodySizeLimit?: number;
  /** Whole sample names as regular expressions; without any, all are kept. */
  readonly keep?: readonly string[];
  readonly drop?: readonly string[];
  readonly fallbackScrapeProtocol?: FallbackProtocol;
}

const MIB = 1024 * 1024;

export const TARGET_DEFAULTS = {
  /** The interval where that is shorter. */
  timeout: 10_000,
  honorLabels: false,
  honorTimestamps: true,
  authorizationType: 'Bearer',
  minVersion: TLS_VERSION_DEFAULT,
  followRedirects: true,
  enableCompression: true,
  sampleLimit: 10_000,
  bodySizeLimit: 32 * MIB,
  fallbackScrapeProtocol: 'PrometheusText0.0.4',
} as const satisfies Partial<Record<keyof TargetOptions | 'authorizationType' | 'minVersion', unknown>>;

/** How a target wants to be asked who asks; the secrets in files are read at each scrape. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly secret: Secret }
  | { readonly kind: 'authorization'; readonly type: string; readonly secret: Secret };

export type Secret = { readonly text: string } | { readonly file: string };

/** One URL with everything that its job says, checked and filled up: see check-targets.ts. */
export interface Target {
  /** Equal for targets that are equal in all else. */
  readonly key: string;
  readonly job: string;
  readonly url: URL;
  /** For people: without the query, which may hold a secret. */
  readonly shownUrl: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The target's labels, `job` and `instance` among them. */
  readonly labels: Labels;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly credentials: Credentials;
  readonly tls: TlsOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly followRedirects: boolean;
  readonly enableCompression: boolean;
  readonly samplesMax: number;
  readonly bodyBytesMax: number;
  /** Whether samples of that name are wanted; null when all are. */
  readonly keeps: ((sampleName: string) => boolean) | null;
  readonly fallback: (typeof FALLBACK_FORMATS)[FallbackProtocol];
}
