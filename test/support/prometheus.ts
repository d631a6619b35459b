/** A real Prometheus of a chosen version, on loopback, with a data folder that is gone after the test. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Child } from './child.ts';
import { eventually } from './eventually.ts';
import { type Peer, pathOf } from './peers.ts';
import { tempDir } from './temp-dir.ts';

export type PrometheusPeer = Extract<Peer, `PROMETHEUS_${string}`>;

export interface ScrapeJob {
  readonly job: string;
  /** `host:port` of each target. */
  readonly targets: readonly string[];
  readonly path?: string;
  readonly params?: Readonly<Record<string, readonly string[]>>;
  readonly honorLabels?: boolean;
  /** In Prometheus's notation; 1s unless given. */
  readonly interval?: string;
}

export interface PrometheusOptions {
  readonly version: PrometheusPeer;
  readonly jobs: readonly ScrapeJob[];
  readonly args?: readonly string[];
  /** `tsdb:` of the configuration's `storage:`, for instance `{out_of_order_time_window: '2h'}`. */
  readonly tsdb?: Readonly<Record<string, string>>;
}

/** A point of a series; times in ms. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly Point[];
}

export interface Target {
  readonly job: string;
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
}

export class Prometheus implements AsyncDisposable {
  readonly version: PrometheusPeer;
  readonly url: string;
  readonly #child: Child;

  private constructor(version: PrometheusPeer, child: Child, url: string) {
    this.version = version;
    this.#child = child;
    this.url = url;
  }

  /** Starts it and waits until it is ready. Its first scrape comes 5 to 7 s later. */
  static async start(t: TestContext, options: PrometheusOptions): Promise<Prometheus> {
    const folder = await tempDir(t);
    const configFile = join(folder, 'prometheus.yml');
    // JSON is YAML.
    await writeFile(configFile, JSON.stringify(configOf(options), null, 2));
    const child = await Child.spawn(t, {
      name: options.version,
      command: pathOf(options.version),
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        '--web.listen-address=127.0.0.1:0',
        ...(options.args ?? []),
      ],
      cwd: folder,
    });
    // With port 0 the log is where the port stands, in all versions in the same words.
    const [, address] = await child.line('stderr', /msg="?Listening on"? .*address=(127\.0\.0\.1:\d+)/);
    const prometheus = new Prometheus(options.version, child, `http://${address}`);
    await eventually(
      `${options.version} is ready`,
      async () => (await fetch(`${prometheus.url}/-/ready`)).ok,
    );
    return prometheus;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  /** An instant query: of each series its value at this moment. */
  async instant(query: string): Promise<readonly Series[]> {
    return toSeries(await this.#api('query', { query }));
  }

  /**
   * The stored points of a selector over a duration back from now, with their own times: an instant query of a range
   * vector, which unlike a range query neither interpolates nor repeats.
   */
  async stored(selector: string, duration: string): Promise<readonly Series[]> {
    return toSeries(await this.#api('query', { query: `${selector}[${duration}]` }));
  }

  /** A range query; times and step in ms. */
  async range(query: string, fromMs: number, toMs: number, stepMs: number): Promise<readonly Series[]> {
    const times = { start: `${fromMs / 1000}`, end: `${toMs / 1000}`, step: `${stepMs / 1000}` };
    return toSeries(await this.#api('query_range', { query, ...times }));
  }

  async targets(): Promise<readonly Target[]> {
    const data = (await this.#api('targets', { state: 'active' })) as {
      activeTargets: { scrapePool: string; scrapeUrl: string; health: Target['health']; lastError: string }[];
    };
    return data.activeTargets.map(({ scrapePool, scrapeUrl, health, lastError }) => ({
      job: scrapePool,
      scrapeUrl,
      health,
      lastError,
    }));
  }

  /** What it has logged as a warning or worse. */
  warnings(): readonly string[] {
    return this.#child.lines('stderr').filter((line) => /\blevel=(warn|error|fatal)/i.test(line));
  }

  async #api(endpoint: string, params: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${endpoint}?${new URLSearchParams(params)}`);
    const answer = (await response.json()) as { status: string; data: unknown; error?: string };
    if (answer.status !== 'success') throw new Error(`${this.version}: ${endpoint}: ${answer.error}`);
    return answer.data;
  }
}

function configOf(options: PrometheusOptions): unknown {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    ...(options.tsdb === undefined ? {} : { storage: { tsdb: options.tsdb } }),
    scrape_configs: options.jobs.map((job) => ({
      job_name: job.job,
      honor_labels: job.honorLabels ?? false,
      metrics_path: job.path ?? '/metrics',
      scrape_interval: job.interval ?? '1s',
      scrape_timeout: job.interval ?? '1s',
      params: job.params ?? {},
      static_configs: [{ targets: job.targets }],
    })),
  };
}

type RawPoint = [seconds: number, value: string];

function toSeries(data: unknown): readonly Series[] {
  const { result } = data as {
    result: { metric: Record<string, string>; value?: RawPoint; values?: RawPoint[] }[];
  };
  return result.map(({ metric, value, values }) => ({
    labels: metric,
    points: (values ?? (value === undefined ? [] : [value])).map(([seconds, text]) => ({
      at: Math.round(seconds * 1000),
      value: toNumber(text),
    })),
  }));
}

function toNumber(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
}
