/**
 * What one reading of a target gives. It is made to become columns without any work per sample: the list of series
 * is the same object as long as it holds, so a shape made from it does too, and the values stand in its order.
 */
import type { Family } from '@tributary/shared/shape';

/**
 * The series of a target in the wire's terms, in the order of their values. Families and their series are what
 * `Shape` wants, within the wire's limits and rules but for what depends on the target's labels (see `ReaderOptions`).
 */
export interface SeriesList {
  readonly families: readonly Family[];
  /** The number of series in all families: the length of every column. */
  readonly length: number;
}

/** Samples that came with timestamps of their own, in the text's order: three lists of one length. */
export interface TimedSamples {
  /** Places in the list of series. One may come several times. */
  readonly series: readonly number[];
  readonly values: readonly number[];
  /** Whole milliseconds since 1970, by the target's clock; of one series in any order, and also equal ones. */
  readonly atMs: readonly number[];
}

/**
 * Why samples of a text that was taken are not among its series: each could not be sent, or would cost the others.
 * `duplicate`: a second sample of its series without a time of its own; the first counts, as in Prometheus.
 * `name`: a metric or label name is not of `[a-zA-Z_:][a-zA-Z0-9_:]*`, is reserved (`__…`, `tributary_…`) or too long.
 * `labels`: too many labels, or a label value too long or of text that cannot be sent.
 */
export type LeftOutReason = 'duplicate' | 'name' | 'labels';

export interface Reading {
  /** The very same object as that of the reading before, while no series, type or help has changed. */
  readonly list: SeriesList;
  /**
   * `values[i]` belongs to the list's i-th series: `null` where it has no sample now, or only such as have times of
   * their own. An array of its own for each reading, which can be a column's as it is.
   */
  readonly values: readonly (number | null)[];
  /** Null when no sample has a time of its own, which is the rule. */
  readonly timed: TimedSamples | null;
  /** Samples in the text, as `scrape_samples_scraped` counts them. */
  readonly scraped: number;
  /** Those of them that `keep` has let through, as `scrape_samples_post_metric_relabeling` counts them. */
  readonly kept: number;
  /** Series that the reading before did not have, as `scrape_series_added` counts them; all at the first. */
  readonly added: number;
  /** Only what is not zero. */
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>;
}

/** What a text may hold; beyond `samplesMax` or `familiesMax` it is refused whole, and a name, label or help beyond the wire's limits costs only itself. */
export interface ExpositionLimits {
  /** Samples that `keep` lets through (`sample_limit`). */
  readonly samplesMax: number;
  readonly familiesMax: number;
  /** Labels that a series may have of its own: the wire's `LABELS_MAX` less those of the target. */
  readonly labelsMax: number;
}
