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
}

export interface PrometheusConfig {
  readonly jobs: readonly ScrapeJob[];
  /** `tsdb:` of the configuration's `storage:`, for instance `{out_of_order_time_window: '2h'}`. */
  readonly tsdb?: Readonly<Record<string, string>>;
}

/** The configuration file's content; JSON is YAML. */
export function configText({ jobs, tsdb }: PrometheusConfig): string {
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    ...(tsdb === undefined ? {} : { storage: { tsdb } }),
    scrape_configs: jobs.map(scrapeConfig),
  };
  return JSON.stringify(config, null, 2);
}

/** One entry of `scrape_configs`. */
export function scrapeConfig(job: ScrapeJob): Readonly<Record<string, unknown>> {
  return {
    job_name: job.job,
    honor_labels: job.honorLabels ?? false,
    metrics_path: job.path ?? '/metrics',
    scrape_interval: job.interval ?? '1s',
    scrape_timeout: job.timeout ?? job.interval ?? '1s',
    params: job.params ?? {},
    ...(job.sampleLimit === undefined ? {} : { sample_limit: job.sampleLimit }),
    ...(job.targets === undefined ? {} : { static_configs: [{ targets: job.targets }] }),
    ...(job.discovery === undefined
      ? {}
      : { http_sd_configs: [{ url: job.discovery, refresh_interval: '2s' }] }),
  };
}
