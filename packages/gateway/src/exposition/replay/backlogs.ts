/** Notices when a scraper that was far behind has caught up. */
import type { CursorKey } from '../../ledger/ledger.ts';
import type { Cursor } from './cursor.ts';
import type { ScraperReport } from './reports.ts';
import { ACTIVE_MS } from './scrapers.ts';

/** A scraper whose places trail, as behind a proxy, is this far behind and the overlap. */
const USUAL_INTERVALS = 6;
/** Whoever is further behind than usual by this has a backlog. */
const BEHIND_MS = 60_000;

export interface CaughtUp {
  readonly scraper: CursorKey;
  /** How far it was behind when that was most. */
  readonly mostMs: number;
}

/** What of a report tells of a backlog. */
export interface Lag extends Pick<ScraperReport, 'lagMs' | 'intervalMs'> {
  readonly cursor: Pick<Cursor, 'key' | 'askedAt'>;
}

export class Backlogs {
  readonly #overlapMs: number;
  /** Of those that are behind, by name and selection. */
  #mostMs = new Map<string, number>();

  constructor(overlapMs: number) {
    this.#overlapMs = overlapMs;
  }

  /** To be called now and then. @param now in ms of uptime @returns who has caught up since */
  look(reports: readonly Lag[], now: number): CaughtUp[] {
    const behind = new Map<string, number>();
    const caughtUp: CaughtUp[] = [];
    for (const { cursor, lagMs, intervalMs } of reports) {
      const { key: scraper, askedAt } = cursor;
      const key = `${scraper.name}\n${scraper.selection}`;
      const mostMs = this.#mostMs.get(key);
      const usualMs = this.#overlapMs + USUAL_INTERVALS * intervalMs;
      // Nothing is kept for one that is gone, so that it is behind with nothing.
      const isGone = askedAt < now - ACTIVE_MS;
      if (lagMs > usualMs + BEHIND_MS || (mostMs !== undefined && (isGone || lagMs > usualMs)))
        behind.set(key, Math.max(mostMs ?? 0, lagMs));
      else if (mostMs !== undefined) caughtUp.push({ scraper, mostMs });
    }
    this.#mostMs = behind;
    return caughtUp;
  }
}
