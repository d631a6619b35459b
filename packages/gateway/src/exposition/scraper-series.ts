/** The gateway's own series about each scraper (design: "Own series"). Never with a timestamp. */
import type { OwnFamily, OwnSeries } from '../telemetry/own-family.ts';
import type { ScraperReport } from './replay/reports.ts';

interface Spec {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly read: (
    report: ScraperReport,
  ) => Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>;
}

const SPECS: readonly Spec[] = [
  {
    name: 'tributary_scraper_lag_seconds',
    type: 'gauge',
    help: 'Age of the oldest sample that the scraper has not taken, of all the hosts that it asks for; about two scrape intervals when all is well.',
    read: ({ lagMs }) => [[{}, lagMs / 1000]],
  },
  {
    name: 'tributary_scraper_pending_samples',
    type: 'gauge',
    help: 'Samples of the hosts that the scraper asks for which it has not taken, before its match[]; those of its last body among them until its next scrape.',
    read: ({ pending }) => [[{}, pending]],
  },
  {
    name: 'tributary_scraper_served_samples',
    type: 'gauge',
    help: "Samples in the last complete body of each of the scraper's targets, added up, to hold against the sum of their scrape_samples_scraped.",
    read: ({ cursor }) => [[{}, cursor.servedSamples]],
  },
  {
    name: 'tributary_scraper_taken_samples_total',
    type: 'counter',
    help: 'Samples of the ledger that the scraper has passed with proof, each once, before its match[], since the gateway started.',
    read: ({ cursor }) => [[{}, cursor.takenSamples]],
  },
  {
    name: 'tributary_scraper_expired_samples_total',
    type: 'counter',
    help: 'Samples that the scraper will not get, by reason, before its match[].',
    read: ({ cursor }) => [...cursor.expired].map(([reason, count]) => [{ reason }, count]),
  },
  {
    name: 'tributary_scraper_budget_points',
    type: 'gauge',
    help: 'Points of backlog that the scraper gets at a time.',
    read: ({ budget }) => [[{}, budget]],
  },
];

/** The families of all scrapers; without any there are families all the same. */
export function scraperSeries(reports: readonly ScraperReport[]): OwnFamily[] {
  return SPECS.map(({ name, type, help, read }) => ({
    name,
    type,
    help,
    *series() {
      for (const report of reports) {
        const { name: scraper, selection } = report.cursor.key;
        for (const [labels, value] of read(report))
          yield { suffix: '', labels: { scraper, selection, ...labels }, value } satisfies OwnSeries;
      }
    },
  }));
}
