/** Targets, and readings as the reader makes them, from a short notation. */
import type { Family, Labels, MetricType, Series } from '@tributary/shared/shape';
import type { Reading, SeriesList } from '../collectors/exposition-text/reading.ts';
import { checkTargets } from './check-targets.ts';
import type { Target } from './target-options.ts';

/** `[name, labels]` each; those of one name make one family. */
export function listOf(
  series: readonly (readonly [name: string, labels?: Labels])[],
  type: MetricType = 'gauge',
): SeriesList {
  const families = new Map<string, Series[]>();
  for (const [name, labels = {}] of series) {
    const known = families.get(name);
    if (known === undefined) families.set(name, [['', labels]]);
    else known.push(['', labels]);
  }
  const all = [...families].map(([name, each]): Family => ({ name, type, help: '', series: each }));
  return { families: all, length: series.length };
}

/** @param timed place, value and time each. */
export function readingOf(
  list: SeriesList,
  values: readonly (number | null)[],
  timed: readonly (readonly [place: number, value: number, atMs: number])[] = [],
): Reading {
  return {
    list,
    values,
    timed:
      timed.length === 0
        ? null
        : {
            series: timed.map(([place]) => place),
            values: timed.map(([, value]) => value),
            atMs: timed.map(([, , atMs]) => atMs),
          },
    scraped: values.length,
    kept: values.length,
    added: 0,
    leftOut: {},
  };
}

/** A target that nobody listens at, with everything at its default. */
export function targetOf(change: Partial<Target> = {}): Target {
  const options = { job: 'app', urls: ['http://a:1/metrics'] };
  const [target] = checkTargets([options], { interval: 10_000, label: new Map() });
  if (target === undefined) throw new Error('there is no target');
  return { ...target, ...change };
}
