/** What happens with scrapers, told to the log. */
import { formatDuration } from '@tributary/shared/units';
import type { ScraperClients } from './exposition/replay/clients.ts';
import type { ScraperObserver } from './exposition/replay/observer.ts';
import { NAMES_MAX, unnamedName } from './exposition/replay/scrapers.ts';
import { SharedNames } from './exposition/replay/shared-names.ts';
import { CONNECTIONS_MAX } from './exposition/replay/unnamed.ts';
import { plainAddress } from './limits/address-key.ts';
import type { Log } from './telemetry/log.ts';
import { Told } from './telemetry/told.ts';

export interface ScraperListeners {
  readonly log: Log;
  readonly clients: ScraperClients;
  /** In ms since 1970. */
  readonly now: () => number;
  /** Milliseconds that never step. */
  readonly uptimeMs: () => number;
}

const TOLD_MAX = 1024;
const HOUR_MS = 3_600_000;

export function observeScrapers({ log, clients, now, uptimeMs }: ScraperListeners): ScraperObserver {
  const once = new Told(TOLD_MAX, Number.POSITIVE_INFINITY, uptimeMs);
  const hourly = new Told(TOLD_MAX, HOUR_MS, uptimeMs);
  const sharedNames = new SharedNames();
  return {
    began({ name, selection }, from, since) {
      const address = plainAddress(from);
      log.info({ scraper: name, selection, address, since: timeText(since) }, 'new scraper');
    },
    gaveWay({ name, selection }) {
      log.info({ scraper: name, selection }, 'scraper was not seen for long and gave way to a new one');
    },
    tooMany(name) {
      if (!once.isNews(`too many: ${name}`)) return;
      log.warn(
        { scraper: name, namesMax: NAMES_MAX },
        'too many scrapers: this one gets the newest points only; remove one that is gone (DELETE /api/v1/scrapers/NAME)',
      );
    },
    tooManyConnections(from) {
      const address = plainAddress(from);
      if (!once.isNews(`connections: ${address}`)) return;
      log.warn(
        { address, connectionsMax: CONNECTIONS_MAX },
        'too many connections of scrapers without a name: those beyond get the newest points only; give the scraper a name (params: scraper: [NAME])',
      );
    },
    removed(name, by) {
      log.info({ scraper: name, by }, 'scraper removed');
    },
    rewound(name, to, by) {
      log.info({ scraper: name, to: timeText(to), by }, 'scraper rewound');
    },
    scraped(scrape) {
      const { name, selection, proxied } = scrape;
      clients.scraped(name ?? unnamedName(scrape.connection.address, proxied), scrape, now());
      if (name === null || proxied) return;
      const addresses = sharedNames.scraped(scrape, uptimeMs());
      if (addresses === null) return;
      clients.shared(name, selection, addresses, now());
      if (!hourly.isNews(`shared: ${name}`)) return;
      log.warn(
        { scraper: name, addresses },
        'two scrapers seem to use one name: what one has taken the other does not get; give each a scraper= of its own',
      );
    },
    capped(name, { asked, given, flag }) {
      if (!once.isNews(`capped: ${name} ${asked}`)) return;
      log.warn(
        { scraper: name, asked, given },
        `a scraper asks for more than it gets; ask for less, or give ${flag} more`,
      );
    },
    caughtUp({ name, selection }, mostMs) {
      const wasBehind = formatDuration(Math.round(mostMs / 1000) * 1000);
      log.info({ scraper: name, selection, wasBehind }, 'scraper has caught up');
    },
  };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
