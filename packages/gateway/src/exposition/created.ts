/**
 * The times when metrics began, as client libraries tell them: beside a counter `foo_total`, a histogram `foo` or a summary
 * `foo` a gauge `foo_created` with the same labels. In OpenMetrics a line of that name stands in the metric that it is about,
 * behind its other lines.
 *
 * What is about what is decided by series, not by point: where a metric has no value at a point, or none that is selected,
 * the time of its beginning stands there alone. Prometheus stores such a line as any other.
 */
import type { AdmittedFamily } from '../link/admission.ts';
import { isPlain, outputType } from './format.ts';
import { type Lines, labelPattern, metricLabels } from './lines.ts';

export const CREATED = '_created';

/** The names of a family and of one of the same shape that tells when its metrics began. */
export interface CreatedPair {
  readonly created: string;
  readonly of: string;
}

const NONE: readonly CreatedPair[] = [];

/** Which families of a shape tell when metrics of another one of it began; maybe of two, a counter and a histogram. */
export function createdPairs(families: readonly AdmittedFamily[]): readonly CreatedPair[] {
  const telling = families.filter(({ name, type }) => name.endsWith(CREATED) && isPlainSource(type));
  if (telling.length === 0) return NONE;
  const byName = new Map(families.map((family) => [family.name, family]));
  return telling.flatMap((created) => {
    const base = created.name.slice(0, -CREATED.length);
    return [base, `${base}_total`].flatMap((of) => {
      const family = byName.get(of);
      return family !== undefined && isAbout(created, family) ? [{ created: created.name, of }] : [];
    });
  });
}

/** Whether each series of `created` has the labels of a metric of `family`. */
function isAbout(created: AdmittedFamily, family: AdmittedFamily): boolean {
  const { type } = family;
  if (!isPlainSource(type) && type !== 'histogram' && type !== 'summary') return false;
  const metrics = new Set(metricsOf(family));
  return created.prefixes.every((prefix) => metrics.has(metricLabels(prefix, null)));
}

function isPlainSource(type: AdmittedFamily['type']): boolean {
  return isPlain(outputType(type, 'openmetrics'));
}

const BUCKETS = { suffix: '_bucket', bound: labelPattern('le') };
const QUANTILES = { suffix: '', bound: labelPattern('quantile') };

/** By metric, the labels of its lines. */
function metricsOf({ type, prefixes, suffixes, starts }: AdmittedFamily): string[] {
  const bounded = type === 'histogram' ? BUCKETS : type === 'summary' ? QUANTILES : null;
  return Array.from({ length: starts.length - 1 }, (_, metric) => {
    // Sum and count come last, and have no bound that would have to be looked for.
    const last = (starts[metric + 1] ?? 0) - 1;
    const dropped = bounded !== null && suffixes[last] === bounded.suffix ? bounded.bound : null;
    return metricLabels(prefixes[last] ?? '', dropped);
  });
}

interface Merged {
  readonly family: AdmittedFamily;
  readonly lines: Lines;
}

const merged = new WeakMap<AdmittedFamily, Merged>();

/**
 * The lines of `family`, each metric's with its line of `created` behind them: the same object each time.
 * @param created one of the same shape that is about it; see `createdPairs`.
 */
export function linesWithCreated(family: AdmittedFamily, created: AdmittedFamily): Lines {
  let known = merged.get(created);
  if (known?.family !== family) {
    known = { family, lines: merge(family, created) };
    merged.set(created, known);
  }
  return known.lines;
}

function merge(family: AdmittedFamily, created: AdmittedFamily): Lines {
  const placeOf = new Map(created.prefixes.map((prefix, place) => [metricLabels(prefix, null), place]));
  const prefixes: string[] = [];
  const indexes: number[] = [];
  const starts: number[] = [];
  const add = (from: AdmittedFamily, place: number): void => {
    prefixes.push(from.prefixes[place] ?? '');
    indexes.push(from.indexes[place] ?? 0);
  };
  for (const [metric, labels] of metricsOf(family).entries()) {
    starts.push(prefixes.length);
    const end = family.starts[metric + 1] ?? 0;
    for (let place = family.starts[metric] ?? 0; place < end; place++) add(family, place);
    const place = placeOf.get(labels);
    if (place !== undefined) add(created, place);
  }
  starts.push(prefixes.length);
  return { prefixes, indexes: Uint32Array.from(indexes), starts: Uint32Array.from(starts) };
}
