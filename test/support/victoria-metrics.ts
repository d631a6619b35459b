/** A real VictoriaMetrics that scrapes for itself, on loopback, with a data folder that is gone after the test. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { isGatewaysOwn, type StoreLimits } from './agreement.ts';
import { Child } from './child.ts';
import { eventually } from './eventually.ts';
import { pathOf } from './peers.ts';
import { stablePort } from './ports.ts';
import { PrometheusApi, type Series } from './prometheus-api.ts';
import { type ScrapeJob, scrapeConfig } from './prometheus-config.ts';
import { tempDir } from './temp-dir.ts';

/** One line of `/api/v1/export`. */
interface ExportedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (number | string | null)[];
  readonly timestamps: readonly number[];
}

export class VictoriaMetrics extends PrometheusApi implements AsyncDisposable {
  readonly name = 'VICTORIA_METRICS';
  /**
   * It keeps twelve decimal digits and no denormal numbers, and drops NaN. All values of a block have one decimal
   * exponent, so what is smaller than the largest by more digits than 64 bits have becomes 0 [run 1.145].
   */
  readonly limits: StoreLimits = { relative: 1e-12, absolute: 1e-300, ofLargest: 1e-17, keepsNaN: false };
  readonly url: string;
  readonly #child: Child;

  private constructor(child: Child, url: string) {
    super('VICTORIA_METRICS', () => url);
    this.#child = child;
    this.url = url;
  }

  /**
   * Starts it and waits until it is ready. Timestamps are honoured, and no stale markers written: it would write one
   * for every series that has no point in a scrape, which is nothing unusual in a replay. Where Prometheus drops a
   * point that it has already, this one keeps both, unless it is told to keep one a millisecond.
   */
  static async start(t: TestContext, jobs: readonly ScrapeJob[]): Promise<VictoriaMetrics> {
    const folder = await tempDir(t);
    const configFile = join(folder, 'scrape.yml');
    const address = `127.0.0.1:${await stablePort()}`;
    const scrapeConfigs = jobs.map((job) => ({
      ...scrapeConfig(job),
      honor_timestamps: true,
      no_stale_markers: true,
    }));
    await writeFile(configFile, JSON.stringify({ scrape_configs: scrapeConfigs }, null, 2));
    const child = await Child.spawn(t, {
      name: 'VICTORIA_METRICS',
      command: pathOf('VICTORIA_METRICS'),
      args: [
        `-promscrape.config=${configFile}`,
        `-storageDataPath=${join(folder, 'data')}`,
        `-httpListenAddr=${address}`,
        // It takes a share of the machine's memory for its own otherwise.
        '-memory.allowedBytes=256MB',
        '-retentionPeriod=100y',
        '-dedup.minScrapeInterval=1ms',
      ],
      cwd: folder,
    });
    const url = `http://${address}`;
    await eventually('VictoriaMetrics is ready', async () => {
      if (child.exit !== null) throw new Error(child.describe());
      return (await fetch(`${url}/health`)).ok;
    });
    return new VictoriaMetrics(child, url);
  }

  /** As `PointStore` wants it. */
  async points(host: string, from: number, to: number): Promise<readonly Series[]> {
    return await this.#export(`{host=${JSON.stringify(host)}}`, from, to);
  }

  /** What was scraped a moment ago is made visible first. */
  async #export(selector: string, from: number, to: number): Promise<readonly Series[]> {
    await fetch(`${this.url}/internal/force_flush`);
    const query = new URLSearchParams({
      'match[]': selector,
      start: `${(from + 1) / 1000}`,
      end: `${to / 1000}`,
    });
    const response = await fetch(`${this.url}/api/v1/export?${query}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`export: ${text}`);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { metric, values, timestamps } = JSON.parse(line) as ExportedSeries;
        const points = timestamps.map((at, i) => ({ at, value: toNumber(values[i]) }));
        return { labels: metric, points };
      });
  }

  /** As `PointStore` wants it. */
  async counts(since: number): Promise<ReadonlyMap<string, number>> {
    return await this.#countsOf('{host!=""}', since);
  }

  /** As `PointStore` wants it. */
  async moments(since: number): Promise<ReadonlyMap<string, number>> {
    return await this.#countsOf('node_load1{host!=""}', since);
  }

  async #countsOf(selector: string, since: number): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { labels, points } of await this.#export(selector, since, Date.now())) {
      const host = labels['host'] ?? '';
      if (!isGatewaysOwn(labels)) counts.set(host, (counts.get(host) ?? 0) + points.length);
    }
    return counts;
  }

  /** What it has logged as a warning or worse. */
  warnings(): readonly string[] {
    return this.#child.lines('stderr').filter((line) => /\t(warn|error|fatal|panic)\t/.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}

/** JSON has no NaN and no infinities; it writes null and strings. */
function toNumber(value: number | string | null | undefined): number {
  if (typeof value === 'number') return value;
  if (value === 'Infinity') return Infinity;
  return value === '-Infinity' ? -Infinity : Number.NaN;
}
