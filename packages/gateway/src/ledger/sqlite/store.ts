/**
 * The ledger's files, synchronously: everything that touches SQLite. Runs in the ledger's worker thread.
 *
 * One connection, WAL, `synchronous=FULL`: a transaction that has returned is fsynced. `append.ts` writes, `log-reader.ts`
 * reads, `packer.ts` packs and `retention.ts` makes room, `cursor-store.ts` keeps the readers' places; `core.ts` is what
 * they share.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type {
  CursorKey,
  HostState,
  LedgerStats,
  Position,
  SeekRequest,
  StoredCursor,
  StreamState,
  TrimBounds,
} from '../ledger.ts';
import { appendTo, NOT_PLACED } from './append.ts';
import { OFFSETS_PER_HOST } from './catalog.ts';
import { Core } from './core.ts';
import { loadCursors, removeCursor, saveCursor } from './cursor-store.ts';
import { lockFolder, openFiles, setFilesAside } from './files.ts';
import { readPortion, seekHost } from './log-reader.ts';
import { LogWriter } from './log-writer.ts';
import type {
  CommitResult,
  PackPlace,
  PackPortion,
  ReadPortion,
  TrimPortion,
  WireAppend,
  WireRead,
  WireShape,
} from './messages.ts';
import { newestPortion } from './newest.ts';
import type { PackPolicy } from './pack-policy.ts';
import { packPortion } from './packer.ts';
import { trimAgePortion, trimSizePortion } from './retention.ts';
import { prepare, type Statements } from './statements.ts';

export class Store {
  readonly generation: string;
  /** When the generation began. */
  readonly bornAt: number;
  /** Where a damaged file was moved when this one was opened, or null. */
  readonly setAside: string | null;
  readonly #folder: string;
  readonly #lock: Database;
  readonly #core: Core;

  /**
   * @param folder made when it is missing.
   * @param now the birth of a new file, and the name of a damaged one that has to be set aside.
   * @throws LedgerOpenError with what to do.
   */
  constructor(folder: string, now: number) {
    this.#folder = folder;
    this.#lock = lockFolder(folder);
    try {
      const { db, loaded, setAside } = openFiles(folder, now, (opened) => load(opened, now));
      this.#core = new Core(db, loaded.sql, loaded.entries);
      this.generation = loaded.generation;
      this.bornAt = loaded.bornAt;
      this.setAside = setAside;
    } catch (error) {
      this.#lock.close();
      throw error;
    }
  }

  get stats(): LedgerStats {
    return this.#core.stats;
  }

  /**
   * One transaction for all appends. Those that would leave a hole are refused alone.
   * @param policy what of it is written as blocks @param now decides what is fresh
   */
  commit(
    appends: readonly WireAppend[],
    shapes: readonly WireShape[],
    policy: PackPolicy,
    now: number,
  ): CommitResult {
    const { catalog } = this.#core;
    catalog.bound();
    return this.#core.transaction(() => {
      for (const shape of shapes) catalog.internShape(shape);
      const log = new LogWriter(this.#core, policy, now);
      const results = appends.map((append) => appendTo(this.#core, log, append));
      log.write();
      return {
        refusals: results.map((result) => (typeof result === 'string' ? result : null)),
        placed: results.map((result) => (typeof result === 'string' ? NOT_PLACED : result)),
      };
    });
  }

  stream(host: string, epoch: string): StreamState {
    const { catalog } = this.#core;
    const stream = catalog.findStream(host, epoch);
    const { lastAt = 0, nextOffset = 1 } = catalog.findHost(host) ?? {};
    return { next: stream?.next ?? null, lastHash: stream?.lastHash ?? 0, lastAt, nextOffset };
  }

  hosts(): HostState[] {
    return this.#core.catalog.states();
  }

  read(reads: readonly WireRead[]): ReadPortion {
    return readPortion(this.#core, reads);
  }

  newest(hosts: readonly string[], entriesMax: number): ReadPortion {
    return newestPortion(this.#core, hosts, entriesMax);
  }

  seek(requests: readonly SeekRequest[], at: number): Position[] {
    return requests.map((request) => seekHost(this.#core, request, at));
  }

  cursors(): StoredCursor[] {
    return loadCursors(this.#core.sql);
  }

  saveCursor(cursor: StoredCursor): void {
    const { sql, catalog } = this.#core;
    catalog.bound();
    this.#core.transaction(() => saveCursor(sql, cursor, (host) => catalog.findHost(host)?.id));
  }

  removeCursor(key: CursorKey): void {
    this.#core.transaction(() => removeCursor(this.#core.sql, key));
  }

  trimAge(bounds: TrimBounds): TrimPortion {
    return trimAgePortion(this.#core, bounds);
  }

  pack(from: PackPlace, policy: PackPolicy, now: number): PackPortion {
    return packPortion(this.#core, policy, now, from);
  }

  trimSize(bounds: TrimBounds): TrimPortion {
    return trimSizePortion(this.#core, bounds);
  }

  forget(host: string): void {
    const core = this.#core;
    const found = core.catalog.findHost(host);
    if (found === undefined) return;
    const { sql } = core;
    core.transaction(() => {
      const range = [found.id * OFFSETS_PER_HOST, (found.id + 1) * OFFSETS_PER_HOST];
      core.count(-(sql.countPacked.get(...range) as { entries: number }).entries);
      sql.removeHostBlocks.run(...range);
      core.count(-sql.removeHostEntries.run(...range).changes);
      sql.removeHostPlaces.run(found.id);
      sql.removeHostStreams.run(found.id);
      sql.removeHost.run(found.id);
      core.catalog.drop();
    });
  }

  close(): void {
    this.#core.close();
    this.#lock.close();
  }

  /** For a file that turned out to be damaged: nothing can be asked any more. @returns where it was moved. */
  moveAside(now: number): string {
    try {
      this.#core.close();
      return setFilesAside(this.#folder, now);
    } finally {
      this.#lock.close();
    }
  }
}

interface Loaded {
  readonly sql: Statements;
  readonly generation: string;
  readonly bornAt: number;
  readonly entries: number;
}

/** What the store starts with. Looks at every small table, for damage that would show only later otherwise. */
function load(db: Database, now: number): Loaded {
  const sql = prepare(db);
  const meta = (name: string, make: () => string): string => {
    const row = sql.meta.get(name) as { value: string } | undefined;
    if (row !== undefined) return row.value;
    const value = make();
    sql.setMeta.run(name, value);
    return value;
  };
  sql.hosts.all();
  sql.oldest.get();
  return {
    sql,
    generation: meta('generation', randomUUID),
    bornAt: Number(meta('born_at', () => String(now))),
    entries: Number(meta('entries', () => '0')),
  };
}
