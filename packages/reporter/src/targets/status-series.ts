/**
 * What tells of a scrape itself, as Prometheus tells it of its own scrapes. Always there, whether the scrape failed or not.
 * Source: https://prometheus.io/docs/concepts/jobs_instances/
 */
import type { Labels, Shape } from '@tributary/shared/shape';

const FAMILIES: readonly (readonly [name: string, help: string])[] = [
  ['up', '1 if the target answered its last scrape with an exposition that could be read, 0 otherwise.'],
  ['scrape_duration_seconds', 'How long the scrape took.'],
  ['scrape_samples_scraped', 'Samples that the target exposed.'],
  ['scrape_samples_post_metric_relabeling', 'Samples that were left after keep and drop.'],
  ['scrape_series_added', 'Series that the scrape before did not have.'],
];

const NAMES: ReadonlySet<string> = new Set(FAMILIES.map(([name]) => name));

export function isStatusName(name: string): boolean {
  return NAMES.has(name);
}

/** @param labels the target's. */
export function statusShape(labels: Labels): Shape {
  return {
    labels,
    families: FAMILIES.map(([name, help]) => ({ name, type: 'gauge', help, series: [['', {}]] })),
  };
}

export interface ScrapeStatus {
  readonly up: boolean;
  readonly seconds: number;
  readonly scraped: number;
  readonly kept: number;
  readonly added: number;
}

/** A column of `statusShape`. */
export function statusValues({ up, seconds, scraped, kept, added }: ScrapeStatus): readonly number[] {
  return [up ? 1 : 0, seconds, scraped, kept, added];
}
