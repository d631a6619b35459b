/** How far each scraper is, for the gateway's own series and the API. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger, Tail } from '../../ledger/ledger.ts';
import type { Cursor } from './cursor.ts';
import { lowestUntaken, pendingSamples } from './place.ts';
import type { Scope } from './scopes.ts';
import type { Scrapers } from './scrapers.ts';

export interface ScraperReport {
  readonly cursor: Cursor;
  /** How old the oldest point is that it has not taken, of all hosts; 0 when it has everything. */
  readonly lagMs: number;
  /** Samples of the hosts that it asks for and has not taken. */
  readonly pending: number;
  /** Of the scope that was asked for last. */
  readonly intervalMs: number;
  readonly budget: number;
}

export interface ReportSources {
  readonly scrapers: Pick<Scrapers, 'all'>;
  readonly ledger: Pick<Ledger, 'tail' | 'readMany'>;
  readonly hosts: () => readonly string[];
  readonly now: () => number;
  readonly pointsMax: () => number;
}

/** Hosts that are looked at in one turn of the event loop. */
const HOSTS_PER_TURN = 1000;

export class ScraperReports {
  readonly #sources: ReportSources;
  /** By host, when its log begins, of those of which some scraper has taken nothing yet. */
  #beginsAt = new Map<string, number>();
  #begunBefore: ReadonlyMap<string, number> = new Map();
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
    // What is not asked for any more is forgotten: the name may come again, with another log.
    this.#begunBefore = this.#beginsAt;
    this.#beginsAt = new Map();
    for (const cursor of newest.values()) reports.push(await this.#report(cursor));
    return reports;
  }

  async #report(cursor: Cursor): Promise<ScraperReport> {
    const { ledger, hosts, now } = this.#sources;
    const pointsMax = this.#sources.pointsMax();
    let pending = 0;
    let oldestAt = Number.POSITIVE_INFINITY;
    const unknown: string[] = [];
    let turn = 0;
    for (const host of hosts()) {
      if (++turn % HOSTS_PER_TURN === 0) await nextTurn();
      const tail = ledger.tail(host);
      if (tail === null || !cursor.asksFor(host)) continue;
      const samples = pendingSamples(cursor.place(host), tail.end);
      if (samples === 0) continue;
      pending += samples;
      const at = firstUntakenAt(cursor, host, tail);
      if (at === null) unknown.push(host);
      else oldestAt = Math.min(oldestAt, at);
    }
    for (const at of await this.#beginnings(unknown)) oldestAt = Math.min(oldestAt, at);
    const scope = lastAsked(cursor.scopes());
    return {
      cursor,
      lagMs: oldestAt === Number.POSITIVE_INFINITY ? 0 : Math.max(0, now() - oldestAt),
      pending,
      intervalMs: Math.round(scope?.budget.intervalMs ?? 0),
      budget: scope?.budget.points(pointsMax) ?? pointsMax,
    };
  }

  /** When the logs of hosts begin; remembered, since reading it each time would cost more than it tells. */
  async #beginnings(hosts: readonly string[]): Promise<number[]> {
    const { ledger } = this.#sources;
    const asked: string[] = [];
    for (const host of hosts) {
      const known = this.#beginsAt.get(host) ?? this.#begunBefore.get(host);
      if (known === undefined) asked.push(host);
      else this.#beginsAt.set(host, known);
    }
    if (asked.length > 0) {
      const requests = asked.map((host) => ({ host, after: 0, weightMax: 1 }));
      // A disk that cannot be read fails the scrapes that need it, and those tell of it; this must not fail all others.
      const answers = await ledger.readMany(requests).catch(() => []);
      for (const [i, host] of asked.entries()) {
        const [first] = answers[i] ?? [];
        if (first !== undefined) this.#beginsAt.set(host, first.at);
      }
    }
    return hosts.flatMap((host) => this.#beginsAt.get(host) ?? ledger.tail(host)?.entries[0]?.at ?? []);
  }
}

function lastAsked(scopes: Iterable<Scope>): Scope | null {
  let last: Scope | null = null;
  for (const scope of scopes) if ((scope.budget.lastAt ?? 0) >= (last?.budget.lastAt ?? 0)) last = scope;
  return last;
}

/** The time of the first entry that is not taken; where that is not in memory, up to when the log is taken, if any of it is. */
function firstUntakenAt(cursor: Cursor, host: string, { entries }: Tail): number | null {
  const after = lowestUntaken(cursor.place(host));
  const [first] = entries;
  if (first !== undefined && first.offset <= after + 1) return entries[after + 1 - first.offset]?.at ?? null;
  return cursor.takenUntil(host);
}
