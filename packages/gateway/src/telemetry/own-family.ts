/** The gateway's own series as data, apart from how any format writes them. */

/** One series of the gateway's own. It never has a timestamp. */
export interface OwnSeries {
  readonly suffix: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface OwnFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  /** Read once for each exposition, lazily: a fleet may have a hundred thousand. */
  readonly series: () => Iterable<OwnSeries>;
}
