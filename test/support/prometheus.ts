/**
 * A real Prometheus of a chosen version, on loopback. Its data folder outlives its kills and restarts, and is gone
 * after the test.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { EXACT, isGatewaysOwn } from './agreement.ts';
import { Child, type Exit } from './child.ts';
import { eventually } from './eventually.ts';
import { readExposition } from './exposition.ts';
import { type Peer, pathOf } from './peers.ts';
import { stablePort } from './ports.ts';
import { type Point, PrometheusApi, type Series } from './prometheus-api.ts';
import { configText, type PrometheusConfig } from './prometheus-config.ts';
import { tempDir } from './temp-dir.ts';

export type { Point, Series, Target } from './prometheus-api.ts';
export type { ScrapeJob } from './prometheus-config.ts';

export type PrometheusPeer = Extract<Peer, `PROMETHEUS_${string}`>;

export interface PrometheusOptions extends PrometheusConfig {
  readonly version: PrometheusPeer;
  readonly args?: readonly string[];
}

/** What a Prometheus tells of its own work, since its first start. */
export interface Intake {
  readonly outOfOrder: number;
  readonly duplicates: number;
  /** Too old, or too far in the future, for its head. */
  readonly outOfBounds: number;
  /** Older than its out-of-order window: such a scrape fails as a whole. */
  readonly tooOld: number;
  readonly limitExceeded: number;
  readonly appended: number;
}

const INTAKE: Readonly<Record<keyof Intake, string>> = {
  outOfOrder: 'prometheus_target_scrapes_sample_out_of_order_total',
  duplicates: 'prometheus_target_scrapes_sample_duplicate_timestamp_total',
  outOfBounds: 'prometheus_target_scrapes_sample_out_of_bounds_total',
  tooOld: 'prometheus_tsdb_too_old_samples_total',
  limitExceeded: 'prometheus_target_scrapes_exceeded_sample_limit_total',
  appended: 'prometheus_tsdb_head_samples_appended_total',
};

interface Parts {
  readonly version: PrometheusPeer;
  readonly url: string;
  readonly configFile: string;
  readonly child: Child;
  readonly launch: () => Promise<Child>;
}

export class Prometheus extends PrometheusApi implements AsyncDisposable {
  readonly version: PrometheusPeer;
  readonly limits = EXACT;
  /** The same after a restart. */
  readonly url: string;
  readonly #configFile: string;
  readonly #launch: () => Promise<Child>;
  readonly #warnings: string[] = [];
  #child: Child;
  /** What the processes before this one told last. */
  #intakeBefore: Intake = {
    outOfOrder: 0,
    duplicates: 0,
    outOfBounds: 0,
    tooOld: 0,
    limitExceeded: 0,
    appended: 0,
  };

  private constructor({ version, url, configFile, child, launch }: Parts) {
    super(version, () => url);
    this.version = version;
    this.url = url;
    this.#configFile = configFile;
    this.#child = child;
    this.#launch = launch;
  }

  /** Starts it and waits until it is ready. Its first scrape comes 5 to 7 s later. */
  static async start(t: TestContext, options: PrometheusOptions): Promise<Prometheus> {
    const { version } = options;
    const folder = await tempDir(t);
    const configFile = join(folder, 'prometheus.yml');
    const address = `127.0.0.1:${await stablePort()}`;
    await writeFile(configFile, configText(options));
    const launch = async (): Promise<Child> => {
      const child = await Child.spawn(t, {
        name: version,
        command: pathOf(version),
        args: [
          `--config.file=${configFile}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          `--web.listen-address=${address}`,
          '--web.enable-lifecycle',
          ...(options.args ?? []),
        ],
        cwd: folder,
      });
      await eventually(`${version} is ready`, async () => {
        if (child.exit !== null) throw new Error(child.describe());
        return (await fetch(`http://${address}/-/ready`)).ok;
      });
      return child;
    };
    return new Prometheus({ version, url: `http://${address}`, configFile, child: await launch(), launch });
  }

  get name(): string {
    return this.version;
  }

  /** Sends the signal and waits for the end. Its data stay. */
  async kill(signal: NodeJS.Signals): Promise<Exit> {
    this.#intakeBefore = await this.intake().catch(() => this.#intakeBefore);
    const exit = await this.#child.end(signal);
    this.#warnings.push(...this.#warningsOfNow());
    return exit;
  }

  /** Starts again with the same data and configuration, and waits until it is ready. */
  async restart(): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#child = await this.#launch();
  }

  /** Changes the configuration while it runs. */
  async reload(config: PrometheusConfig): Promise<void> {
    await writeFile(this.#configFile, configText(config));
    const response = await fetch(`${this.url}/-/reload`, { method: 'POST' });
    if (!response.ok) throw new Error(`${this.version}: reload: ${await response.text()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  /** What it has logged as a warning or worse, in all its processes. */
  warnings(): readonly string[] {
    return this.#child.exit === null ? [...this.#warnings, ...this.#warningsOfNow()] : this.#warnings;
  }

  /** As `PointStore` wants it. */
  async points(host: string, from: number, to: number): Promise<readonly Series[]> {
    return await this.between(`{host=${JSON.stringify(host)}}`, from, to);
  }

  /** As `PointStore` wants it: `count_over_time`, name by name, since it drops the names. */
  async counts(since: number): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const names = await this.names('{host!=""}', since, Date.now());
    for (const name of names.filter((name) => !isGatewaysOwn({ __name__: name }))) {
      for (const [host, count] of await this.#countOf(name, since)) {
        counts.set(host, (counts.get(host) ?? 0) + count);
      }
    }
    return counts;
  }

  /** As `PointStore` wants it. */
  async moments(since: number): Promise<ReadonlyMap<string, number>> {
    return await this.#countOf('node_load1', since);
  }

  /** `up` at each scrape that it has stored, by job and target, of the jobs that match a pattern. */
  async scrapes(jobs: string, since: number): Promise<ReadonlyMap<string, readonly Point[]>> {
    const all = await this.between(`up{job=~${JSON.stringify(jobs)},host=""}`, since, Date.now());
    return new Map(all.map(({ labels, points }) => [`${labels['job']} ${labels['instance']}`, points]));
  }

  /** How long each scrape of the jobs that match took, in seconds; times and order as those of `scrapes`. */
  async scrapeSeconds(jobs: string, since: number): Promise<readonly Point[]> {
    const series = await this.between(
      `scrape_duration_seconds{job=~${JSON.stringify(jobs)},host=""}`,
      since,
      Date.now(),
    );
    return series.flatMap(({ points }) => points);
  }

  /** Its own counters, those of its earlier processes included as they stood when `kill` was called. */
  async intake(): Promise<Intake> {
    const response = await fetch(`${this.url}/metrics`);
    const { samples } = readExposition(await response.text());
    const read = (key: keyof Intake): number =>
      samples.reduce(
        (sum, { name, value }) => (name === INTAKE[key] ? sum + value : sum),
        this.#intakeBefore[key],
      );
    return {
      outOfOrder: read('outOfOrder'),
      duplicates: read('duplicates'),
      outOfBounds: read('outOfBounds'),
      tooOld: read('tooOld'),
      limitExceeded: read('limitExceeded'),
      appended: read('appended'),
    };
  }

  async #countOf(name: string, since: number): Promise<ReadonlyMap<string, number>> {
    const now = Date.now();
    // A name may be a word of the query language.
    const selector = `{__name__=${JSON.stringify(name)},host!=""}`;
    const query = `sum by (host) (count_over_time(${selector}[${now - since}ms]))`;
    const series = await this.instant(query, now);
    return new Map(series.map(({ labels, points }) => [labels['host'] ?? '', points[0]?.value ?? 0]));
  }

  #warningsOfNow(): readonly string[] {
    return this.#child.lines('stderr').filter((line) => /\blevel=(warn|error|fatal)/i.test(line));
  }
}
