/** How far each scraper is, for the gateway's own series and the API. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Cursor } from './cursor.ts';
import { pendingSamples } from './place.ts';
import { ACTIVE_MS, type Scrapers } from './scrapers.ts';

export interface ScraperReport {
  readonly cursor: Cursor;
  /** How old the newest point is that it has taken of the host that it is furthest behind with; 0 when it has all. */
  readonly lagMs: number;
  /** Samples of the hosts that it asks for and has not taken. */
  readonly pending: number;
  /** Of its widest scope. */
  readonly intervalMs: number;
  readonly budget: number;
}

export interface ReportSources {
  readonly scrapers: Pick<Scrapers, 'all'>;
  readonly ledger: Pick<Ledger, 'tail'>;
  readonly hosts: () => readonly string[];
  readonly now: () => number;
  readonly uptimeMs: () => number;
  readonly pointsMax: number;
}

export class ScraperReports {
  readonly #sources: ReportSources;
  #collecting: Promise<ScraperReport[]> | null = null;

  constructor(sources: ReportSources) {
    this.#sources = sources;
  }

  /** One for each name and selection; of connections without a name the one that was used last stands for its address. */
  all(): Promise<ScraperReport[]> {
    this.#collecting ??= this.#collect().finally(() => {
      this.#collecting = null;
    });
    return this.#collecting;
  }

  async #collect(): Promise<ScraperReport[]> {
    const newest = new Map<string, Cursor>();
    for (const cursor of this.#sources.scrapers.all()) {
      const key = `${cursor.key.name}\n${cursor.key.selection}`;
      const known = newest.get(key);
      if (known === undefined || cursor.askedAt >= known.askedAt) newest.set(key, cursor);
    }
    const reports: ScraperReport[] = [];
    for (const cursor of newest.values()) {
      // Every host is looked at for each of them.
      if (reports.length > 0) await nextTurn();
      reports.push(this.#report(cursor));
    }
    return reports;
  }

  #report(cursor: Cursor): ScraperReport {
    const { ledger, hosts, now, uptimeMs, pointsMax } = this.#sources;
    const since = uptimeMs() - ACTIVE_MS;
    let pending = 0;
    let oldestTakenAt = Number.POSITIVE_INFINITY;
    for (const host of hosts()) {
      const tail = ledger.tail(host);
      if (tail === null || !cursor.covers(host, since)) continue;
      const samples = pendingSamples(cursor.place(host), tail.end);
      if (samples === 0) continue;
      pending += samples;
      // Before anything of a host was taken, the oldest that is at hand has to do.
      const takenAt = cursor.newestAt(host) || (tail.entries[0]?.at ?? now());
      oldestTakenAt = Math.min(oldestTakenAt, takenAt);
    }
    const [scope] = [...cursor.scopes()].sort((a, b) => (b.budget.lastAt ?? 0) - (a.budget.lastAt ?? 0));
    return {
      cursor,
      lagMs: oldestTakenAt === Number.POSITIVE_INFINITY ? 0 : Math.max(0, now() - oldestTakenAt),
      pending,
      intervalMs: Math.round(scope?.budget.intervalMs ?? 0),
      budget: scope?.budget.points(pointsMax) ?? pointsMax,
    };
  }
}
