/** What the tests configure of a Prometheus. */

export interface ScrapeJob {
  readonly job: string;
  /** `host:port` of each target. */
  readonly targets?: readonly string[];
  /** Where the targets are asked for instead (HTTP SD). */
  readonly discovery?: string;
  readonly path?: string;
  readonly params?: Readonly<Record<string, readonly string[]>>;
  readonly honorLabels?: boolean;
  /** In Prometheus's notation; 1s unless given. */
  readonly interval?: string;
  /** As the interval unless given. */
  readonly timeout?: string;
  readonly sampleLimit?: number;
  /** Further keys, as they stand in a scrape config. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly scheme?: 'http' | 'https';
  /** As in a scrape config, with absolute paths: `{ca_file: '/…', cert_file: '/…'}`. It holds for `discovery`, too. */
  readonly tlsConfig?: Readonly<Record<string, string | boolean>>;
  /** One of the two; they hold for `discovery`, too. */
  readonly basicAuth?: BasicAuthOfJob;
  readonly authorization?: AuthorizationOfJob;
}

export interface BasicAuthOfJob {
  readonly username: string;
  /** One of the two. */
  readonly password?: string;
  readonly passwordFile?: string;
}

export interface AuthorizationOfJob {
  /** `Bearer` unless given. */
  readonly type?: string;
  /** One of the two. */
  readonly credentials?: string;
  readonly credentialsFile?: string;
}

export interface PrometheusConfig {
  readonly jobs: readonly ScrapeJob[];
  /** `tsdb:` of the configuration's `storage:`, for instance `{out_of_order_time_window: '2h'}`. */
  readonly tsdb?: Readonly<Record<string, string>>;
  /** Where the rules are that it evaluates each second. */
  readonly ruleFiles?: readonly string[];
  /** Entries of `scrape_configs` as they are, besides the jobs. */
  readonly scrapeConfigs?: readonly Readonly<Record<string, unknown>>[];
}

/** The configuration file's content; JSON is YAML. */
export function configText({ jobs, tsdb, ruleFiles, scrapeConfigs = [] }: PrometheusConfig): string {
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    ...(tsdb === undefined ? {} : { storage: { tsdb } }),
    ...(ruleFiles === undefined ? {} : { rule_files: ruleFiles }),
    scrape_configs: [...jobs.map(scrapeConfig), ...scrapeConfigs],
  };
  return JSON.stringify(config, null, 2);
}

/** One entry of `scrape_configs`. */
export function scrapeConfig(job: ScrapeJob): Readonly<Record<string, unknown>> {
  const client = clientConfig(job);
  return {
    job_name: job.job,
    honor_labels: job.honorLabels ?? false,
    metrics_path: job.path ?? '/metrics',
    scrape_interval: job.interval ?? '1s',
    scrape_timeout: job.timeout ?? job.interval ?? '1s',
    params: job.params ?? {},
    ...(job.scheme === undefined ? {} : { scheme: job.scheme }),
    ...client,
    ...(job.sampleLimit === undefined ? {} : { sample_limit: job.sampleLimit }),
    ...job.more,
    ...(job.targets === undefined ? {} : { static_configs: [{ targets: job.targets }] }),
    ...(job.discovery === undefined
      ? {}
      : { http_sd_configs: [{ url: job.discovery, refresh_interval: '2s', ...client }] }),
  };
}

/** How a client of HTTP shows who it is, and by what it believes the other end. */
function clientConfig({ tlsConfig, basicAuth, authorization }: ScrapeJob): Readonly<Record<string, unknown>> {
  return {
    ...(tlsConfig === undefined ? {} : { tls_config: tlsConfig }),
    ...(basicAuth === undefined
      ? {}
      : {
          basic_auth: {
            username: basicAuth.username,
            ...(basicAuth.password === undefined ? {} : { password: basicAuth.password }),
            ...(basicAuth.passwordFile === undefined ? {} : { password_file: basicAuth.passwordFile }),
          },
        }),
    ...(authorization === undefined
      ? {}
      : {
          authorization: {
            type: authorization.type ?? 'Bearer',
            ...(authorization.credentials === undefined ? {} : { credentials: authorization.credentials }),
            ...(authorization.credentialsFile === undefined
              ? {}
              : { credentials_file: authorization.credentialsFile }),
          },
        }),
  };
}
