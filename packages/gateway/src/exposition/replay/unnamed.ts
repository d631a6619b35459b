/**
 * Cursors of scrapers without a name: each connection has its own, for each selection. Nothing tells who is behind a
 * connection, so a new one begins at the lowest of its address's connections of the last ten minutes.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Place } from '../../ledger/ledger.ts';
import type { ScrapeConnection } from './connection.ts';
import type { Cursor } from './cursor.ts';
import { lower } from './place.ts';

interface Entry {
  readonly cursor: Cursor;
  readonly connection: ScrapeConnection;
  readonly selection: string;
}

/** For so long a connection that is gone, or is not used, counts. */
const KEPT_MS = 10 * 60_000;
/** Of an address and a selection. */
export const CONNECTIONS_MAX = 256;
/** Places that are looked at in one turn of the event loop. */
const PLACES_PER_TURN = 10_000;

export class UnnamedCursors {
  /** By the key of the address and selection, in order of their beginning; none is empty. */
  readonly #lists = new Map<string, Entry[]>();

  has(key: string): boolean {
    return this.#lists.has(key);
  }

  of(key: string): readonly Cursor[] {
    return this.#lists.get(key)?.map(({ cursor }) => cursor) ?? [];
  }

  keys(): string[] {
    return [...this.#lists.keys()];
  }

  *all(): Generator<[key: string, cursor: Cursor], void, undefined> {
    for (const [key, list] of this.#lists) for (const { cursor } of list) yield [key, cursor];
  }

  /** The one that was used last. */
  newestOf(key: string): Cursor | null {
    return newest(this.#lists.get(key) ?? [])?.cursor ?? null;
  }

  /** @returns false when all that there may be are of connections that are open. */
  makeRoom(key: string): boolean {
    const list = this.#lists.get(key) ?? [];
    if (list.length < CONNECTIONS_MAX) return true;
    const closed = list.findIndex(({ connection }) => !connection.isOpen);
    if (closed < 0) return false;
    for (const entry of list.splice(closed, 1)) part(entry);
    return true;
  }

  add(key: string, entry: Entry): void {
    entry.connection.cursors.set(entry.selection, entry.cursor);
    const list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, [entry]);
    else list.push(entry);
  }

  drop(key: string): void {
    for (const entry of this.#lists.get(key) ?? []) part(entry);
    this.#lists.delete(key);
  }

  /** Those go that were not used for long; the last of an address stays. @param now in ms of uptime */
  dropIdle(now: number): void {
    for (const [key, list] of this.#lists) {
      const last = newest(list);
      const isKept = (entry: Entry) => entry === last || entry.cursor.askedAt >= now - KEPT_MS;
      if (list.every(isKept)) continue;
      for (const entry of list) if (!isKept(entry)) part(entry);
      this.#lists.set(key, list.filter(isKept));
    }
  }
}

/** Of several cursors that read for one: only what all have taken is taken. */
export async function lowestOf(cursors: readonly Cursor[]): Promise<Map<string, Place>> {
  const [first, ...others] = cursors;
  const lowest = new Map<string, Place>(first?.safePlaces());
  let turn = 0;
  for (const other of others) {
    for (const [host, place] of lowest) {
      if (++turn % PLACES_PER_TURN === 0) await nextTurn();
      lowest.set(host, lower(place, other.safePlace(host)));
    }
  }
  return lowest;
}

/** A connection must not go on with a cursor that nobody tells of what happens. */
function part({ connection, selection }: Entry): void {
  connection.cursors.delete(selection);
}

function newest(list: readonly Entry[]): Entry | null {
  let last: Entry | null = null;
  for (const entry of list) if (last === null || entry.cursor.askedAt >= last.cursor.askedAt) last = entry;
  return last;
}
