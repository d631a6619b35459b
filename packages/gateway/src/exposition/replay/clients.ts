/**
 * Who asks under each scraper's name, for whoever looks for what is wrong (`GET /api/v1/scrapers`): which client, what it can take,
 * and whether it is one. Memory only, and little of it.
 */
import type { Format } from '../format.ts';
import type { Scrape } from './observer.ts';

/** What can be told of a scrape beside what the log wants to know. */
export interface SeenScrape extends Scrape {
  /** `User-Agent`. */
  readonly agent: string;
  readonly format: Format;
  /** It gets several points of a series in one body. */
  readonly takesSeveral: boolean;
}

/** One program at one address. */
export interface SeenClient {
  /** Without a port. */
  readonly address: string;
  readonly agent: string;
  readonly format: Format;
  readonly takesSeveral: boolean;
  readonly proxied: boolean;
  /** Scrapes, and when the first and the last came, in ms since 1970. */
  readonly scrapes: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface SeenOfScraper {
  /** The one that asked last first. */
  readonly clients: readonly SeenClient[];
  /** Both ends when two were told by how they came in turns, and when that was; null for never. */
  readonly shared: { readonly addresses: readonly string[]; readonly at: number } | null;
}

/** Of a name. A Prometheus that moves (a container that is made anew) has another address each time. */
const CLIENTS_MAX = 4;
const NAMES_MAX = 1024;
const AGENT_CHARS_MAX = 200;
const NOTHING: SeenOfScraper = { clients: [], shared: null };

export class ScraperClients {
  readonly #seen = new Map<string, SeenOfScraper>();

  /** @param name as its cursor is called. @param now in ms since 1970 */
  scraped(name: string, scrape: Omit<SeenScrape, 'name'>, now: number): void {
    const key = keyOf(name, scrape.selection);
    const before = this.#seen.get(key) ?? NOTHING;
    const { format, takesSeveral, proxied } = scrape;
    const address = scrape.address.replace(/:\d+$/, '');
    const agent = scrape.agent.slice(0, AGENT_CHARS_MAX);
    const isSame = (client: SeenClient) => client.address === address && client.agent === agent;
    const known = before.clients.find(isSame);
    const { scrapes = 0, firstAt = now } = known ?? {};
    const client = {
      address,
      agent,
      format,
      takesSeveral,
      proxied,
      scrapes: scrapes + 1,
      firstAt,
      lastAt: now,
    };
    const others = before.clients.filter((other) => other !== known).slice(0, CLIENTS_MAX - 1);
    this.#seen.delete(key);
    this.#seen.set(key, { ...before, clients: [client, ...others] });
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= NAMES_MAX) break;
      this.#seen.delete(oldest);
    }
  }

  /** Two scrapers seem to use the name. @param now in ms since 1970 */
  shared(name: string, selection: string, addresses: readonly string[], now: number): void {
    const key = keyOf(name, selection);
    const before = this.#seen.get(key);
    if (before !== undefined) this.#seen.set(key, { ...before, shared: { addresses, at: now } });
  }

  of(name: string, selection: string): SeenOfScraper {
    return this.#seen.get(keyOf(name, selection)) ?? NOTHING;
  }
}

function keyOf(name: string, selection: string): string {
  return `${name}\n${selection}`;
}
