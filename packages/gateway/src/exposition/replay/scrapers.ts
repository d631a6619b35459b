/**
 * Everyone who scrapes: cursors by name and selection, their beginning, their storage and their end.
 *
 * A named scraper has one cursor for each selection of series. Without a name each connection has cursors of its own,
 * which begin at the lowest of its address's connections of the last ten minutes: nothing is lost, and some is repeated.
 *
 * A new scraper begins five minutes back. In a ledger that is younger than an hour it begins with the window, for such a
 * ledger may be the successor of one that was lost with all cursors: what it has was sent again by the hosts because
 * some scraper had not taken it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@tributary/shared/clock';
import type { Ledger, Place, StoredCursor } from '../../ledger/ledger.ts';
import type { ScrapeConnection } from './connection.ts';
import { Cursor, type CursorOptions } from './cursor.ts';
import type { ScraperObserver } from './observer.ts';
import { lowestUntaken, placeAt } from './place.ts';
import { lowestOf, UnnamedCursors } from './unnamed.ts';

export interface ScrapersOptions extends CursorOptions {
  readonly ledger: Pick<Ledger, 'bornAt' | 'tail' | 'seek' | 'cursors' | 'saveCursor' | 'removeCursor'>;
  /** Names of all hosts that have or may have a log. */
  readonly hosts: () => readonly string[];
  readonly clock: Clock;
  /** Milliseconds that never step. */
  readonly uptimeMs: () => number;
  /** The widest window that any scraper gets. */
  readonly windowMs: () => number;
  readonly observer: Pick<ScraperObserver, 'began' | 'gaveWay' | 'tooMany' | 'tooManyConnections'>;
  /** Told of what went wrong where nobody waits for it. */
  readonly onFault: (error: unknown) => void;
}

export interface CursorRequest {
  /** Null for a scraper without a name. */
  readonly name: string | null;
  /** Canonical; see `CursorKey`. */
  readonly selection: string;
  readonly connection: ScrapeConnection;
  /** True when a connection says nothing about who is behind it. */
  readonly isProxied: boolean;
  /** Where a new scraper begins, in ms before now; null for the rule. */
  readonly beginMs: number | null;
}

export const NAMES_MAX = 64;
/** Selections of one name. */
export const SELECTIONS_MAX = 16;
/** One that was seen within this is active: nobody takes its place, and hosts keep for it what it has not taken. */
export const ACTIVE_MS = 3_600_000;
const YOUNG_MS = 3_600_000;
const BEGIN_MS = 5 * 60_000;
/** Hosts of which each cursor's place is looked at in one turn of the event loop. */
const HOSTS_PER_TURN = 250;
/** Stands for the time at which an active scraper was seen. */
const ALWAYS = Number.POSITIVE_INFINITY;
/** Names that begin so are addresses; no scraper can have such a name. */
const ADDRESS_PREFIX = '@';

export class Scrapers {
  readonly #options: ScrapersOptions;
  /** By key; those of addresses stand for connections of an earlier life of the gateway. */
  readonly #cursors = new Map<string, Cursor>();
  readonly #making = new Map<string, Promise<Cursor>>();
  /** Hosts whose logs are about to go. */
  readonly #leaving = new Set<string>();
  /** For each search for places that is under way, the hosts whose logs have gone meanwhile. */
  readonly #seeking = new Set<Set<string>>();
  readonly #unnamed = new UnnamedCursors();
  /** What the ledger has of each cursor. */
  readonly #saved = new Map<string, { places: ReadonlyMap<string, Place>; seenAt: number }>();

  constructor(options: ScrapersOptions) {
    this.#options = options;
  }

  /** Brings back what the ledger has. */
  async load(): Promise<void> {
    const uptime = this.#options.uptimeMs();
    for (const stored of await this.#options.ledger.cursors()) {
      const { name, selection, places, createdAt, seenAt } = stored;
      const times = { createdAt, seenAt, takenUntil: seenAt - this.#options.overlapMs, uptime };
      const cursor = new Cursor({ name, selection }, places, times, this.#options);
      const key = keyOf(name, selection);
      this.#cursors.set(key, cursor);
      this.#saved.set(key, { places, seenAt });
    }
  }

  /** The cursor for a request; null when there are too many others. */
  async open(request: CursorRequest): Promise<Cursor | null> {
    const cursor =
      request.name === null ? await this.#openUnnamed(request) : await this.#openNamed(request.name, request);
    if (cursor !== null) cursor.seenAt = this.#options.clock.now();
    return cursor;
  }

  /** All cursors, those of connections without a name by their address. */
  *all(): Generator<Cursor, void, undefined> {
    for (const [key, cursor] of this.#cursors) if (!this.#unnamed.has(key)) yield cursor;
    for (const [, cursor] of this.#unnamed.all()) yield cursor;
  }

  /**
   * The highest seq of an epoch that every active scraper has taken long enough ago; 0 when that is none, or when nobody
   * scrapes.
   */
  deliveredSeq(host: string, epoch: string): number {
    const place = this.#lowestPlace(host);
    if (place === null) return 0;
    const { epoch: takenEpoch, seq } = place.open[0]?.after ?? place.taken;
    return takenEpoch === epoch ? seq : 0;
  }

  /** By host, the offset behind which an active scraper has not taken everything; no host where nobody scrapes. */
  async undelivered(): Promise<Map<string, number>> {
    const offsets = new Map<string, number>();
    let turn = 0;
    for (const host of this.#options.hosts()) {
      if (++turn % HOSTS_PER_TURN === 0) await nextTurn();
      const place = this.#lowestPlace(host);
      if (place !== null) offsets.set(host, lowestUntaken(place));
    }
    return offsets;
  }

  /** Writes what has changed since it was written last. */
  async save(): Promise<void> {
    this.#unnamed.dropIdle(this.#options.uptimeMs());
    // One after the other: the places of ten thousand hosts take some milliseconds each time.
    for (const [key, cursor] of [...this.#cursors]) {
      if (this.#unnamed.has(key)) continue;
      await nextTurn();
      // It may be gone by now, and must not come back with the next start.
      if (this.#cursors.get(key) === cursor) await this.#saveOne(cursor, cursor.safePlaces());
    }
    for (const key of this.#unnamed.keys()) {
      const places = await this.#withoutGone(() => lowestOf(this.#unnamed.of(key)));
      // It may be gone by now, too.
      const newest = this.#unnamed.newestOf(key);
      if (newest !== null) await this.#saveOne(newest, places);
    }
  }

  /** @returns false when there is no scraper of that name. */
  async remove(name: string): Promise<boolean> {
    const keys = new Set(
      [...this.#cursors.keys(), ...this.#unnamed.keys()].filter((key) => nameOf(key) === name),
    );
    for (const key of keys) await this.#drop(key);
    return keys.size > 0;
  }

  /**
   * Sets every cursor of a name back, or forward, to the entries of a moment.
   * @returns false when there is no scraper of that name.
   */
  async rewind(name: string, at: number): Promise<boolean> {
    const cursors = [...this.all()].filter(({ key }) => key.name === name);
    if (cursors.length === 0) return false;
    const places = await this.#placesSince(at);
    for (const cursor of cursors) cursor.reset(places, at, this.#options.uptimeMs());
    return true;
  }

  /**
   * The host's log is about to go: from now on nobody is sent any of it, and no place in it is saved, which a new log of the
   * host would get.
   * @returns what is to be called when it is gone, or stays after all; what a scraper had not taken is counted as lost to it.
   */
  leaving(host: string): (isGone: boolean) => void {
    const end = this.#options.ledger.tail(host)?.end ?? null;
    this.#leaving.add(host);
    for (const gone of this.#seeking) gone.add(host);
    return (isGone) => {
      this.#leaving.delete(host);
      if (!isGone) return;
      for (const gone of this.#seeking) gone.add(host);
      const now = this.#options.uptimeMs();
      for (const cursor of new Set([...this.all(), ...this.#cursors.values()])) cursor.forget(host, now, end);
    };
  }

  /** See `leaving`. */
  isLeaving(host: string): boolean {
    return this.#leaving.has(host);
  }

  async #openNamed(name: string, request: CursorRequest): Promise<Cursor | null> {
    const key = keyOf(name, request.selection);
    const known = this.#cursors.get(key);
    if (known !== undefined) return known;
    if (!this.#making.has(key) && !this.#makeRoom(name)) {
      this.#options.observer.tooMany(name);
      return null;
    }
    return await this.#make(key, request);
  }

  async #openUnnamed(request: CursorRequest): Promise<Cursor | null> {
    const { connection, selection } = request;
    // Behind a proxy a connection is nobody's: all of an address share what they have taken.
    if (request.isProxied) return await this.#openNamed(unnamedName(connection.address, true), request);
    const own = connection.cursors.get(selection);
    if (own !== undefined) return own;
    const key = keyOf(unnamedName(connection.address, false), selection);
    const before = await this.#beforeUnnamed(key, request);
    if (before === null) return connection.cursors.get(selection) ?? null;
    const places = await this.#withoutGone(() => lowestOf(before));
    // Another request of this connection may have been faster.
    const made = connection.cursors.get(selection);
    if (made !== undefined) return made;
    if (!this.#unnamed.makeRoom(key)) {
      this.#options.observer.tooManyConnections(connection.address);
      return null;
    }
    const [first] = before;
    const now = this.#options.clock.now();
    const uptime = this.#options.uptimeMs();
    const times = { createdAt: now, seenAt: now, takenUntil: first?.beginsAt ?? now, uptime };
    const cursor = new Cursor(first?.key ?? { name: '', selection }, places, times, this.#options);
    this.#unnamed.add(key, { cursor, connection, selection });
    return cursor;
  }

  /** The cursors whose lowest places a new connection begins with; at least one. Null when there are too many addresses. */
  async #beforeUnnamed(key: string, request: CursorRequest): Promise<readonly Cursor[] | null> {
    this.#unnamed.dropIdle(this.#options.uptimeMs());
    if (this.#unnamed.has(key)) return this.#unnamed.of(key);
    const stored = this.#cursors.get(key);
    if (stored !== undefined) return [stored];
    const cursor = await this.#openNamed(nameOf(key), request);
    return cursor === null ? null : [cursor];
  }

  #make(key: string, request: CursorRequest): Promise<Cursor> {
    let making = this.#making.get(key);
    if (making === undefined) {
      making = this.#begin(key, request).finally(() => this.#making.delete(key));
      this.#making.set(key, making);
    }
    return making;
  }

  async #begin(key: string, { beginMs, connection }: CursorRequest): Promise<Cursor> {
    const { ledger, clock, uptimeMs } = this.#options;
    const windowMs = this.#options.windowMs();
    const now = clock.now();
    const isYoung = now - ledger.bornAt < YOUNG_MS;
    const takenUntil = now - (beginMs ?? (isYoung ? windowMs : Math.min(BEGIN_MS, windowMs)));
    const places = await this.#placesSince(takenUntil);
    const times = { createdAt: now, seenAt: now, takenUntil, uptime: uptimeMs() };
    const cursor = new Cursor(
      { name: nameOf(key), selection: selectionOf(key) },
      places,
      times,
      this.#options,
    );
    this.#cursors.set(key, cursor);
    this.#options.observer.began(cursor.key, connection.address, takenUntil);
    return cursor;
  }

  /** To be put to use in the same turn: from the next one on a host may be another. */
  async #placesSince(at: number): Promise<Map<string, Place>> {
    const hosts = this.#options.hosts();
    const requests = hosts.map((host) => ({ host, after: 0 }));
    return await this.#withoutGone(async () => {
      const positions = await this.#options.ledger.seek(requests, at);
      return new Map(positions.map((position, i) => [hosts[i] ?? '', placeAt(position)]));
    });
  }

  /** Places without those of hosts that were forgotten while they were looked for. */
  async #withoutGone(find: () => Promise<Map<string, Place>>): Promise<Map<string, Place>> {
    const gone = new Set<string>(this.#leaving);
    this.#seeking.add(gone);
    try {
      const places = await find();
      for (const host of gone) places.delete(host);
      return places;
    } finally {
      this.#seeking.delete(gone);
    }
  }

  /** @returns whether the name may have another cursor; whoever was seen longest ago and is not active gives way. */
  #makeRoom(name: string): boolean {
    const seenAt = new Map<string, number>();
    const note = (key: string, at: number) => seenAt.set(key, Math.max(at, seenAt.get(key) ?? 0));
    const noteCursor = (key: string, cursor: Cursor) =>
      note(key, this.#isActive(cursor) ? ALWAYS : cursor.seenAt);
    for (const [key, cursor] of this.#cursors) noteCursor(key, cursor);
    for (const [key, cursor] of this.#unnamed.all()) noteCursor(key, cursor);
    for (const key of this.#making.keys()) note(key, ALWAYS);
    const own = [...seenAt].filter(([key]) => nameOf(key) === name);
    const byName = Map.groupBy(seenAt, ([key]) => nameOf(key));
    if (own.length > 0 && own.length < SELECTIONS_MAX) return true;
    if (own.length === 0 && byName.size < NAMES_MAX) return true;
    // A selection gives way to another of its name, a name to another name.
    const candidates = own.length > 0 ? own.map((one) => [one]) : [...byName.values()];
    const lastSeen = (keys: [string, number][]) => Math.max(...keys.map(([, at]) => at));
    const [idlest] = candidates.sort((a, b) => lastSeen(a) - lastSeen(b));
    if (idlest === undefined || lastSeen(idlest) === ALWAYS) return false;
    // Not waited for: while the disk refuses, scrapes go on. What cannot be removed comes back with the next start.
    for (const [key] of idlest) {
      this.#options.observer.gaveWay({ name: nameOf(key), selection: selectionOf(key) });
      this.#drop(key).catch(this.#options.onFault);
    }
    return true;
  }

  /** Drops a cursor, from memory at once. */
  #drop(key: string): Promise<void> {
    const selection = selectionOf(key);
    this.#cursors.delete(key);
    this.#saved.delete(key);
    this.#unnamed.drop(key);
    return this.#options.ledger.removeCursor({ name: nameOf(key), selection });
  }

  #lowestPlace(host: string): Place | null {
    const since = this.#options.uptimeMs() - ACTIVE_MS;
    let lowest: Place | null = null;
    for (const cursor of this.all()) {
      if (!this.#isActive(cursor) || !cursor.covers(host, since)) continue;
      const place = cursor.safePlace(host);
      lowest = lowest === null || lowestUntaken(place) < lowestUntaken(lowest) ? place : lowest;
    }
    return lowest;
  }

  /** By uptime, since the clock may be set; what was before the start only the clock can tell. */
  #isActive({ wasAsked, askedAt, seenAt }: Cursor): boolean {
    const { clock, uptimeMs } = this.#options;
    return wasAsked ? askedAt >= uptimeMs() - ACTIVE_MS : seenAt >= clock.now() - ACTIVE_MS;
  }

  async #saveOne(cursor: Cursor, places: ReadonlyMap<string, Place>): Promise<void> {
    const { key, createdAt, seenAt } = cursor;
    const text = keyOf(key.name, key.selection);
    const saved = this.#saved.get(text);
    const changed = new Map<string, Place>();
    for (const [host, place] of places)
      if (saved?.places.get(host) !== place && !this.#leaving.has(host)) changed.set(host, place);
    if (saved?.seenAt === seenAt && changed.size === 0) return;
    const stored: StoredCursor = { ...key, createdAt, seenAt, places: changed };
    await this.#options.ledger.saveCursor(stored);
    this.#saved.set(text, { places, seenAt });
  }
}

/** What the cursor of a scraper without a name is called. @param address without its port */
export function unnamedName(address: string, proxied: boolean): string {
  return `${ADDRESS_PREFIX}${address}${proxied ? ' proxied' : ''}`;
}

function keyOf(name: string, selection: string): string {
  return `${name}\n${selection}`;
}

function nameOf(key: string): string {
  return key.slice(0, key.indexOf('\n'));
}

function selectionOf(key: string): string {
  return key.slice(key.indexOf('\n') + 1);
}
