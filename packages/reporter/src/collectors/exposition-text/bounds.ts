/** The bounds of histograms and summaries, which are labels, and so are written in more than one way. */
import type { Labels, MetricType } from '@tributary/shared/shape';
import { formatGoBound, parseGoNumber } from './go-number.ts';

/** The label of a line that is a bound. */
export function boundLabel(type: MetricType, suffix: string): 'le' | 'quantile' | null {
  if (type === 'histogram' && suffix === '_bucket') return 'le';
  return type === 'summary' && suffix === '' ? 'quantile' : null;
}

/** Equal for series that Prometheus 3 stores as one, since it writes bounds in one way: `1` and `1.0`. */
export function boundKey(type: MetricType, suffix: string, labels: Labels): string | null {
  const label = boundLabel(type, suffix);
  if (label === null) return null;
  const rest = Object.entries(labels).filter(([name]) => name !== label);
  return JSON.stringify([String(boundOf(labels, label)), ...rest]);
}

/** The gateway takes infinities in one spelling, the one that Prometheus 3 stores. */
export function withPlainInfinity(type: MetricType, suffix: string, labels: Labels): Labels {
  const label = boundLabel(type, suffix);
  if (label === null) return labels;
  const bound = boundOf(labels, label);
  if (Number.isFinite(bound) || Number.isNaN(bound)) return labels;
  return withBound(labels, label, bound);
}

/**
 * What goes out untyped, here or at the gateway, is stored with its bounds as they are written. So they are written as
 * Prometheus 3 would have stored them of the target. Other bounds are left alone, since Prometheus 2 stores them as they
 * are, and 3 rewrites them.
 */
export function withStoredBound(type: MetricType, labels: Labels): Labels {
  if (type !== 'histogram' && type !== 'summary') return labels;
  const label = type === 'histogram' ? 'le' : 'quantile';
  const text = ownLabel(labels, label);
  const bound = text === undefined ? null : parseGoNumber(text);
  return bound === null ? labels : withBound(labels, label, bound);
}

/** The same object if it says so already. */
function withBound(labels: Labels, label: string, bound: number): Labels {
  const text = formatGoBound(bound);
  return labels[label] === text ? labels : { ...labels, [label]: text };
}

/** NaN where it is missing or no number. */
export function boundOf(labels: Labels, label: string): number {
  const text = ownLabel(labels, label);
  return text === undefined ? Number.NaN : (parseGoNumber(text) ?? Number.NaN);
}

/** A label may be called as something that every object inherits. */
export function ownLabel(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}
