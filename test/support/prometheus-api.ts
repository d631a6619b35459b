/** The query API that Prometheus and VictoriaMetrics have in common, as far as the tests ask it. */

/** A point of a series; times in ms. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly Point[];
}

export interface Metadata {
  readonly type: string;
  readonly help: string;
}

export interface Target {
  readonly job: string;
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
}

export class PrometheusApi {
  readonly #name: string;
  readonly #url: () => string;

  /** @param name for messages. */
  constructor(name: string, url: () => string) {
    this.#name = name;
    this.#url = url;
  }

  /** An instant query: of each series its value at this moment, or at `at`. */
  async instant(query: string, at?: number): Promise<readonly Series[]> {
    return toSeries(await this.#get('query', { query, ...(at === undefined ? {} : { time: seconds(at) }) }));
  }

  /**
   * The stored points of a selector over a duration back from now, with their own times: an instant query of a range
   * vector, which unlike a range query neither interpolates nor repeats.
   */
  async stored(selector: string, duration: string): Promise<readonly Series[]> {
    return await this.instant(`${selector}[${duration}]`);
  }

  /** The stored points of a selector that are later than `from` and not later than `to`. */
  async between(selector: string, from: number, to: number): Promise<readonly Series[]> {
    const series = await this.instant(`${selector}[${to - from}ms]`, to);
    // Up to 2.55 the range has its left end, too.
    return series
      .map(({ labels, points }) => ({
        labels,
        points: (points[0]?.at ?? to) > from ? points : points.filter(({ at }) => at > from),
      }))
      .filter(({ points }) => points.length > 0);
  }

  /** The one number that a query gives; 0 when it gives none. */
  async number(query: string, at?: number): Promise<number> {
    const [series, ...others] = await this.instant(query, at);
    if (others.length > 0) throw new Error(`${this.#name}: ${query} gives ${others.length + 1} series`);
    return series?.points[0]?.value ?? 0;
  }

  /** A range query; times and step in ms. */
  async range(query: string, fromMs: number, toMs: number, stepMs: number): Promise<readonly Series[]> {
    const times = { start: seconds(fromMs), end: seconds(toMs), step: seconds(stepMs) };
    return toSeries(await this.#get('query_range', { query, ...times }));
  }

  /** The names of all series that match, in a time. */
  async names(selector: string, from: number, to: number): Promise<readonly string[]> {
    const params = { 'match[]': selector, start: seconds(from), end: seconds(to) };
    return (await this.#get('label/__name__/values', params)) as string[];
  }

  /** All values of a label of the series that match, as Grafana's `label_values(SELECTOR, LABEL)` asks for them. */
  async labelValues(selector: string, label: string): Promise<readonly string[]> {
    return (await this.#get(`label/${label}/values`, { 'match[]': selector })) as string[];
  }

  /** What is told of each family, by its name; the first where targets disagree. */
  async metadata(): Promise<ReadonlyMap<string, Metadata>> {
    const data = (await this.#get('metadata', {})) as Record<string, Metadata[]>;
    return new Map(
      Object.entries(data).flatMap(([name, [first]]) => (first === undefined ? [] : [[name, first]])),
    );
  }

  async targets(): Promise<readonly Target[]> {
    const data = (await this.#get('targets', { state: 'active' })) as {
      activeTargets: { scrapePool: string; scrapeUrl: string; health: Target['health']; lastError: string }[];
    };
    return data.activeTargets.map(({ scrapePool, scrapeUrl, health, lastError }) => ({
      job: scrapePool,
      scrapeUrl,
      health,
      lastError,
    }));
  }

  async #get(endpoint: string, params: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${this.#url()}/api/v1/${endpoint}?${new URLSearchParams(params)}`);
    const answer = (await response.json()) as { status: string; data: unknown; error?: string };
    if (answer.status !== 'success') throw new Error(`${this.#name}: ${endpoint}: ${answer.error}`);
    return answer.data;
  }
}

function seconds(ms: number): string {
  return `${ms / 1000}`;
}

type RawPoint = [seconds: number, value: string];

function toSeries(data: unknown): readonly Series[] {
  const { result } = data as {
    result: { metric: Record<string, string>; value?: RawPoint; values?: RawPoint[] }[];
  };
  return result.map(({ metric, value, values }) => ({
    labels: metric,
    points: (values ?? (value === undefined ? [] : [value])).map(([at, text]) => ({
      at: Math.round(at * 1000),
      value: toNumber(text),
    })),
  }));
}

function toNumber(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
}
