/**
 * A shape names an ordered list of series once; a batch is then just an array of values in that order. It is the
 * heart of the wire: no sample ever carries its own name or labels (docs/PROTOCOL.md, "Shapes").
 */

/** The metric types of the wire. `untyped` is what OpenMetrics calls `unknown`. */
export const METRIC_TYPES = [
  'counter',
  'gauge',
  'histogram',
  'summary',
  'untyped',
  'info',
  'stateset',
] as const;

export type MetricType = (typeof METRIC_TYPES)[number];

/** Label names to label values. Order carries no meaning. */
export type Labels = Readonly<Record<string, string>>;

/**
 * One series of a family: the suffix that its sample name adds to the family's name, and its own labels.
 * Suffixes by type: histogram `_bucket` `_sum` `_count`; summary `` `_sum` `_count`; every other type ``.
 */
export type Series = readonly [suffix: string, labels: Labels];

/** A family as Prometheus knows it. A counter carries its whole name, `_total` included. */
export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly series: readonly Series[];
}

/** What a shape says, without the id that a reporter gives it. */
export interface Shape {
  /** The target's labels: `job` (default `node`), `instance` (default the host) and the reporter's static ones. */
  readonly labels: Labels;
  readonly families: readonly Family[];
}

const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
  untyped: [''],
  info: [''],
  stateset: [''],
};

/** The suffixes that series of `type` may have. */
export function suffixesOf(type: MetricType): readonly string[] {
  return SUFFIXES[type];
}

/** The number of series in a shape, which is the length of every column of it. */
export function seriesCount(shape: Shape): number {
  let count = 0;
  for (const family of shape.families) count += family.series.length;
  return count;
}
