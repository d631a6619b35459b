/** How far each scraper is, for the gateway's own series and the API. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger, Tail } from '../../ledger/ledger.ts';
import type { Cursor } from './cursor.ts';
import { lowestUntaken, pendingSamples } from './place.ts';
import type { Scrapers } from './scrapers.ts';

export interface ScraperReport {
  readonly cursor: Cursor;
  /** How old the oldest point is that it has not taken, of all hosts; 0 when it has everything. */
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
    const { ledger, hosts, now, pointsMax } = this.#sources;
    let pending = 0;
    let oldestAt = Number.POSITIVE_INFINITY;
    for (const host of hosts()) {
      const tail = ledger.tail(host);
      if (tail === null || !cursor.asksFor(host)) continue;
      const samples = pendingSamples(cursor.place(host), tail.end);
      if (samples === 0) continue;
      pending += samples;
      oldestAt = Math.min(oldestAt, firstUntakenAt(cursor, host, tail) ?? now());
    }
    const [scope] = [...cursor.scopes()].sort((a, b) => (b.budget.lastAt ?? 0) - (a.budget.lastAt ?? 0));
    return {
      cursor,
      lagMs: oldestAt === Number.POSITIVE_INFINITY ? 0 : Math.max(0, now() - oldestAt),
      pending,
      intervalMs: Math.round(scope?.budget.intervalMs ?? 0),
      budget: scope?.budget.points(pointsMax) ?? pointsMax,
    };
  }
}

/** The time of the first entry that is not taken; where that is not in memory, up to when the log is taken. */
function firstUntakenAt(cursor: Cursor, host: string, { entries }: Tail): number | null {
  const after = lowestUntaken(cursor.place(host));
  const [first] = entries;
  if (first !== undefined && first.offset <= after + 1) return entries[after + 1 - first.offset]?.at ?? null;
  return cursor.takenUntil(host) ?? first?.at ?? null;
}
