/** What happens with scrapers, told to whoever keeps the log. */
import type { CursorKey } from '../../ledger/ledger.ts';
import type { SeenScrape } from './clients.ts';
import type { ScrapeConnection } from './connection.ts';

export interface ScraperObserver {
  /** One that was not known. @param since the moment from which on it gets what is there, in ms since 1970 */
  began(scraper: CursorKey, address: string, since: number): void;
  /** One that was not seen for long made room for another. */
  gaveWay(scraper: CursorKey): void;
  /** One got no cursor, since there are too many. */
  tooMany(name: string): void;
  /** From an address too many connections without a name are open: the newest gets no cursor. */
  tooManyConnections(address: string): void;
  /** Somebody asked for it, as for a rewind. @param by the address */
  removed(name: string, by: string): void;
  /** @param to in ms since 1970 */
  rewound(name: string, to: number, by: string): void;
  /** A scraper that is known has asked for a body. */
  scraped(scrape: SeenScrape): void;
  /** One asks for more than the gateway's flag allows. */
  capped(name: string, cap: Cap): void;
  /** One that had been far behind has caught up. @param mostMs how far */
  caughtUp(scraper: CursorKey, mostMs: number): void;
}

export interface Scrape {
  /** Null for a scraper without a name. */
  readonly name: string | null;
  readonly selection: string;
  /** As `ScopeKey.name`. */
  readonly scope: string;
  readonly connection: ScrapeConnection;
  /** The other end's address with its port. */
  readonly address: string;
  /** What the scraper allows for one scrape. */
  readonly timeoutMs: number;
  /** A connection says nothing about who is behind it. */
  readonly proxied: boolean;
}

export interface Cap {
  /** As in `window=2h`. */
  readonly asked: string;
  readonly given: string;
  /** That says how much there is. */
  readonly flag: string;
}
