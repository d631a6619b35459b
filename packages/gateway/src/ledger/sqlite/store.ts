/**
 * The ledger's files, synchronously: everything that touches SQLite. Runs in the ledger's worker thread.
 *
 * One connection, WAL, `synchronous=FULL`: a transaction that has returned is fsynced. What is asked about a stream is
 * answered from a cache that is dropped whenever a transaction fails, so it never runs ahead of the disk.
 *
 * A shape goes when no entry names it any more. To tell that without counting, a shape's `last_at` follows the newest
 * entry that names it, in steps of `SHAPE_STEP_MS`: no entry that names it is as new as `last_at + SHAPE_STEP_MS`, so once
 * the oldest entry is, none is left that does.
 */
import { randomUUID } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import {
  type CursorKey,
  type LedgerStats,
  LOG_START,
  type StoredCursor,
  type StreamState,
  type TrimBounds,
} from '../ledger.ts';
import { loadCursors, removeCursor, saveCursor } from './cursor-store.ts';
import { lockFolder, openFiles, setFilesAside } from './files.ts';
import { LogReader, OFFSETS_PER_HOST } from './log-reader.ts';
import type { CommitResult, TrimPortion, WireAppend, WireEntry, WireShape } from './messages.ts';
import { prepare, type Statements } from './statements.ts';

/** Hosts, streams and shapes that are remembered; all are read again when there are more. */
const CACHED_MAX = 100_000;
/** By so much a shape's `last_at` may lag behind, so that it is not written with every batch. */
const SHAPE_STEP_MS = 60_000;
/** Shapes that one trim removes; they may be large. */
const SHAPES_TRIMMED_MAX = 256;
/** Entries that are removed before the size is looked at again. */
const SIZE_STEP_ENTRIES = 256;

type Placed = CommitResult['placed'][number];

/** Nothing of an append was new. */
const NOT_PLACED: Placed = { count: 0, end: LOG_START };

interface Stream {
  readonly id: number;
  readonly host: Host;
  readonly epoch: string;
  next: number;
  lastHash: number;
}

interface Host {
  readonly id: number;
  readonly name: string;
  nextOffset: number;
  lastAt: number;
  /** Of all entries that it ever had. */
  samples: number;
}

interface Shape {
  readonly id: number;
  lastAt: number;
}

export class Store {
  readonly generation: string;
  /** When it began, in ms. */
  readonly bornAt: number;
  /** Where a damaged file was moved when this one was opened, or null. */
  readonly setAside: string | null;
  readonly #folder: string;
  readonly #lock: Database;
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #hosts = new Map<string, Host>();
  readonly #streams = new Map<string, Stream>();
  readonly #shapes = new Map<string, Shape>();
  readonly #pageBytes: number;
  readonly #reader: LogReader;
  #entries: number;

  /**
   * @param folder made when it is missing.
   * @param now names a damaged file that has to be set aside.
   * @throws LedgerOpenError with what to do.
   */
  constructor(folder: string, now: number) {
    this.#folder = folder;
    this.#lock = lockFolder(folder);
    try {
      const { db, loaded, setAside } = openFiles(folder, now, (opened) => load(opened, now));
      this.#db = db;
      this.#sql = loaded.sql;
      this.generation = loaded.generation;
      this.bornAt = loaded.bornAt;
      this.#entries = loaded.entries;
      this.setAside = setAside;
    } catch (error) {
      this.#lock.close();
      throw error;
    }
    this.#reader = new LogReader(this.#sql, (name) => this.#findHost(name));
    this.#pageBytes = this.#db.pragma('page_size', { simple: true }) as number;
  }

  get stats(): LedgerStats {
    const pages = this.#db.pragma('page_count', { simple: true }) as number;
    const free = this.#db.pragma('freelist_count', { simple: true }) as number;
    const oldest = this.#sql.oldest.get() as { at: number | null };
    return { bytes: (pages - free) * this.#pageBytes, entries: this.#entries, oldestAt: oldest.at ?? 0 };
  }

  /** One transaction for all appends. Those that would leave a hole are refused alone. */
  commit(appends: readonly WireAppend[], shapes: readonly WireShape[]): CommitResult {
    // All at once and never within a transaction: a stream's host must stay the one that the other cache has.
    if (this.#hosts.size + this.#streams.size + this.#shapes.size > CACHED_MAX) this.#dropCaches();
    return this.#transaction(() => {
      for (const shape of shapes) this.#internShape(shape);
      const results = appends.map((append) => this.#append(append));
      this.#sql.setMeta.run('entries', String(this.#entries));
      return {
        refusals: results.map((result) => (typeof result === 'string' ? result : null)),
        placed: results.map((result) => (typeof result === 'string' ? NOT_PLACED : result)),
      };
    });
  }

  stream(host: string, epoch: string): StreamState {
    const stream = this.#findStream(host, epoch);
    const { lastAt = 0, nextOffset = 1 } = this.#findHost(host) ?? {};
    return { next: stream?.next ?? null, lastHash: stream?.lastHash ?? 0, lastAt, nextOffset };
  }

  /** What is stored, to be read. */
  get log(): LogReader {
    return this.#reader;
  }

  cursors(): StoredCursor[] {
    return loadCursors(this.#sql);
  }

  saveCursor(cursor: StoredCursor): void {
    this.#transaction(() => saveCursor(this.#sql, cursor, (host) => this.#findHost(host)?.id));
  }

  removeCursor(key: CursorKey): void {
    this.#transaction(() => removeCursor(this.#sql, key));
  }

  /** Removes at most `entriesMax`, oldest first, and some shapes, so that no commit waits long behind it. */
  trim(bounds: TrimBounds, entriesMax: number): TrimPortion {
    const age = this.#remove(this.#sql.remove, [bounds.olderThan], entriesMax);
    this.#protect(bounds);
    const shapes = this.#removeShapes(SHAPES_TRIMMED_MAX);
    const more = (size: number) => age + size >= entriesMax || shapes.length >= SHAPES_TRIMMED_MAX;
    let size = 0;
    while (!more(size) && this.stats.bytes > bounds.bytesMax) {
      const count = this.#remove(
        this.#sql.removeDelivered,
        [bounds.keepSince],
        Math.min(SIZE_STEP_ENTRIES, entriesMax - age - size),
      );
      const freed = this.#removeShapes(SHAPES_TRIMMED_MAX - shapes.length);
      // What is left then is no entry's: nothing more can be done.
      if (count === 0 && freed.length === 0) break;
      size += count;
      shapes.push(...freed);
    }
    const full = !more(size) && this.#entries > 0 && this.stats.bytes > bounds.bytesMax;
    return { age, size, shapes, more: more(size), full };
  }

  forget(host: string): void {
    const found = this.#findHost(host);
    if (found === undefined) return;
    this.#transaction(() => {
      const base = found.id * OFFSETS_PER_HOST;
      this.#entries -= this.#sql.removeHostEntries.run(base, base + OFFSETS_PER_HOST).changes;
      this.#sql.removeHostPlaces.run(found.id);
      this.#sql.removeHostStreams.run(found.id);
      this.#sql.removeHost.run(found.id);
      this.#sql.setMeta.run('entries', String(this.#entries));
      this.#dropCaches();
    });
  }

  close(): void {
    this.#db.close();
    this.#lock.close();
  }

  /** For a file that turned out to be damaged: nothing can be asked any more. @returns where it was moved. */
  moveAside(now: number): string {
    try {
      this.#db.close();
      return setFilesAside(this.#folder, now);
    } finally {
      this.#lock.close();
    }
  }

  /** Returns why the append was refused, or what became of it. Checks everything before it writes anything. */
  #append({ host, epoch, entries }: WireAppend): string | Placed {
    const found = this.#findStream(host, epoch);
    const first = entries[0];
    if (first === undefined) return NOT_PLACED;
    // The first entry of a new epoch says where the epoch begins: an earlier life of the ledger may have had the rest.
    let next = found?.next ?? first.seq;
    const fresh = entries.filter((entry) => entry.lastSeq >= next);
    for (const entry of fresh) {
      if (entry.seq !== next)
        return `host ${host}, epoch ${epoch}: seq ${entry.seq} came where ${next} is next`;
      next = entry.lastSeq + 1;
    }
    if (fresh.length === 0) return NOT_PLACED;
    const stream = found ?? this.#addStream(host, epoch, first.seq);
    for (const entry of fresh) this.#insert(stream, entry);
    this.#sql.setStream.run(stream.next, stream.lastHash, stream.id);
    const { nextOffset, lastAt, samples, id } = stream.host;
    this.#sql.setHost.run(nextOffset, lastAt, epoch, samples, id);
    const end = { offset: nextOffset - 1, samples, epoch, seq: stream.next - 1 };
    return { count: fresh.length, end };
  }

  #insert(stream: Stream, entry: WireEntry): void {
    const { host } = stream;
    if (host.nextOffset >= OFFSETS_PER_HOST) throw new Error(`host ${host.name} has used up its offsets`);
    host.samples += entry.samples;
    this.#sql.insert.run(
      host.id * OFFSETS_PER_HOST + host.nextOffset,
      stream.id,
      entry.seq,
      entry.lastSeq,
      entry.fromAt,
      entry.at,
      entry.contentHash,
      entry.reason,
      entry.payload === null ? null : JSON.stringify(this.#nameShapes(entry)),
      entry.payload,
      entry.samples,
      host.samples,
    );
    host.nextOffset++;
    if (entry.payload !== null && entry.at > host.lastAt) host.lastAt = entry.at;
    stream.next = entry.lastSeq + 1;
    stream.lastHash = entry.contentHash;
    this.#entries++;
  }

  #findHost(name: string): Host | undefined {
    const cached = this.#hosts.get(name);
    if (cached !== undefined) return cached;
    const row = this.#sql.host.get(name) as Omit<Host, 'name'> | undefined;
    if (row === undefined) return undefined;
    const host: Host = { ...row, name };
    this.#hosts.set(name, host);
    return host;
  }

  #findStream(hostName: string, epoch: string): Stream | undefined {
    const key = `${hostName}\n${epoch}`;
    const cached = this.#streams.get(key);
    if (cached !== undefined) return cached;
    const host = this.#findHost(hostName);
    if (host === undefined) return undefined;
    const row = this.#sql.stream.get(host.id, epoch) as
      | { id: number; next: number; lastHash: number }
      | undefined;
    if (row === undefined) return undefined;
    const stream: Stream = { ...row, host, epoch };
    this.#streams.set(key, stream);
    return stream;
  }

  #addStream(hostName: string, epoch: string, next: number): Stream {
    let host = this.#findHost(hostName);
    if (host === undefined) {
      const id = Number(this.#sql.addHost.run(hostName).lastInsertRowid);
      host = { id, name: hostName, nextOffset: 1, lastAt: 0, samples: 0 };
      this.#hosts.set(hostName, host);
    }
    const id = Number(this.#sql.addStream.run(host.id, epoch, next).lastInsertRowid);
    const stream: Stream = { id, host, epoch, next, lastHash: 0 };
    this.#streams.set(`${hostName}\n${epoch}`, stream);
    return stream;
  }

  #internShape({ hash, body }: WireShape): void {
    if (this.#shapes.has(hash)) return;
    this.#sql.addShape.run(hash, body);
    this.#shape(hash);
  }

  /** The ids of the entry's shapes, which from now on are known to be in use at its time. */
  #nameShapes(entry: WireEntry): number[] {
    return entry.shapes.map((hash) => {
      const shape = this.#shape(hash);
      if (entry.at >= shape.lastAt + SHAPE_STEP_MS) {
        this.#sql.setShape.run(entry.at, shape.id);
        shape.lastAt = entry.at;
      }
      return shape.id;
    });
  }

  #shape(hash: string): Shape {
    const cached = this.#shapes.get(hash);
    if (cached !== undefined) return cached;
    const row = this.#sql.shapeOf.get(hash) as Shape | undefined;
    if (row === undefined) throw new Error(`shape ${hash} was never handed to the ledger`);
    this.#shapes.set(hash, row);
    return row;
  }

  #remove(statement: Statement, bounds: readonly number[], limit: number): number {
    return this.#transaction(() => {
      const removed = statement.run(...bounds, limit).changes;
      this.#entries -= removed;
      if (removed > 0) this.#sql.setMeta.run('entries', String(this.#entries));
      return removed;
    });
  }

  /** Notes what must not go for its size. */
  #protect({ undelivered }: TrimBounds): void {
    this.#transaction(() => {
      this.#sql.unprotectAll.run();
      for (const [name, offset] of undelivered) {
        const host = this.#findHost(name);
        if (host !== undefined) this.#sql.protect.run(host.id, host.id * OFFSETS_PER_HOST + offset);
      }
    });
  }

  /** @returns the hashes of those that went. */
  #removeShapes(limit: number): string[] {
    return this.#transaction(() => {
      const { at } = this.#sql.oldest.get() as { at: number | null };
      const unnamedUpTo = at === null ? Number.MAX_SAFE_INTEGER : at - SHAPE_STEP_MS;
      const removed = this.#sql.removeShapes.all(unnamedUpTo, limit) as { hash: string }[];
      for (const { hash } of removed) this.#shapes.delete(hash);
      return removed.map(({ hash }) => hash);
    });
  }

  #transaction<T>(work: () => T): T {
    const entries = this.#entries;
    try {
      return this.#db.transaction(work).immediate();
    } catch (error) {
      this.#entries = entries;
      this.#dropCaches();
      throw error;
    }
  }

  #dropCaches(): void {
    this.#hosts.clear();
    this.#streams.clear();
    this.#shapes.clear();
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
    bornAt: Number(meta('born_at', () => `${now}`)),
    entries: Number(meta('entries', () => '0')),
  };
}
