/** One spelling for each series, whoever tells of it, so that two tellings can be held against each other. */
import type { Labels } from '@tributary/shared/shape';

/** Prometheus 3 writes `le="1"` as `le="1.0"`: bounds are numbers, whatever their text. */
const NUMERIC: ReadonlySet<string> = new Set(['le', 'quantile']);

/** @param labels all of a series, `__name__` included; empty ones mean none. */
export function seriesKey(labels: Labels): string {
  const entries = Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => [name, NUMERIC.has(name) ? boundText(value) : value])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return JSON.stringify(entries);
}

/** A key as people write series. */
export function readableKey(key: string): string {
  // Written by `seriesKey`.
  const entries = JSON.parse(key) as [string, string][];
  const name = entries.find(([label]) => label === '__name__')?.[1] ?? '';
  const labels = entries.filter(([label]) => label !== '__name__');
  return `${name}{${labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`;
}

function boundText(text: string): string {
  const bound = Number(text);
  return Number.isNaN(bound) ? text : String(bound);
}
