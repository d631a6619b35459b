/**
 * Which family of the wire a sample belongs to, by its name and by what the text declares. The wire's families are called
 * as their samples are, but for the suffixes of histograms and summaries; so a counter that OpenMetrics calls `foo` is
 * `foo_total` here, and an info `foo_info`, which the gateway turns round again (its exposition/format.ts). What is stored
 * in the end has the sample names, values and types of a direct scrape, with these exceptions:
 *
 * - `foo_created` is no counter but the time of the beginning: a gauge of its own, as client libraries tell it in text 0.0.4.
 * - The wire has no gaugehistogram: each of its sample names becomes a gauge.
 * - The units of OpenMetrics are dropped.
 */
import type { MetricType } from '@tributary/shared/shape';
import type { DeclaredType, Metadata } from './metadata.ts';

export interface Membership {
  /** Of the wire. */
  readonly family: string;
  readonly type: MetricType;
  /** As in `Series`. */
  readonly suffix: string;
  /** Under which name the text declares it, whose help it has. */
  readonly declared: string;
}

/** By suffix of a sample's name: what it is, if the name without it is declared as one of these types. */
const DERIVED: readonly (readonly [suffix: string, ReadonlyMap<DeclaredType, MetricType>])[] = [
  [
    '_bucket',
    new Map([
      ['histogram', 'histogram'],
      ['gaugehistogram', 'gauge'],
    ]),
  ],
  [
    '_sum',
    new Map([
      ['histogram', 'histogram'],
      ['summary', 'summary'],
    ]),
  ],
  [
    '_count',
    new Map([
      ['histogram', 'histogram'],
      ['summary', 'summary'],
    ]),
  ],
  ['_total', new Map([['counter', 'counter']])],
  [
    '_created',
    new Map([
      ['counter', 'gauge'],
      ['histogram', 'gauge'],
      ['summary', 'gauge'],
    ]),
  ],
  ['_info', new Map([['info', 'info']])],
  ['_gsum', new Map([['gaugehistogram', 'gauge']])],
  ['_gcount', new Map([['gaugehistogram', 'gauge']])],
];

export function resolve(name: string, metadata: Metadata): Membership {
  const own = metadata.get(name)?.type ?? null;
  if (own !== null) {
    const type = own === 'gaugehistogram' ? 'gauge' : own;
    return { family: name, type, suffix: '', declared: name };
  }
  for (const [suffix, types] of DERIVED) {
    if (!name.endsWith(suffix)) continue;
    const base = name.slice(0, -suffix.length);
    const declared = metadata.get(base)?.type ?? null;
    const type = declared === null ? undefined : types.get(declared);
    if (type === undefined) continue;
    const isMember = type === 'histogram' || type === 'summary';
    return isMember
      ? { family: base, type, suffix, declared: base }
      : { family: name, type, suffix: '', declared: base };
  }
  return { family: name, type: 'untyped', suffix: '', declared: name };
}
