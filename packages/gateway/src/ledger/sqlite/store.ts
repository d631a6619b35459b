/**
 * The ledger's files, synchronously: everything that touches SQLite. Runs in the ledger's worker thread.
 *
 * One connection, WAL, `synchronous=FULL`: a transaction that has returned is fsynced. What is asked about a stream is
 * answered from a cache that is dropped whenever a transaction fails, so it never runs ahead of the disk.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import {
  type HostState,
  LedgerOpenError,
  type LedgerStats,
  type StreamState,
  type TrimBounds,
} from '../ledger.ts';
import type { CommitResult, ReadResult, WireAppend, WireEntry, WireShape, WireStored } from './messages.ts';
import { migrate } from './schema.ts';

/** Room for 2^32 entries of each of 2^21 hosts, within the integers that a double holds exactly. */
const OFFSETS_PER_HOST = 2 ** 32;
/** Hosts, streams and shapes that are remembered; all are read again when there are more. */
const CACHED_MAX = 100_000;

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
}

interface EntryRow {
  readonly key: number;
  readonly epoch: string;
  readonly seq: number;
  readonly last_seq: number;
  readonly from_at: number;
  readonly at: number;
  readonly content_hash: number;
  readonly reason: string | null;
  readonly shapes: string | null;
  readonly payload: Uint8Array | null;
}

export class Store {
  readonly generation: string;
  readonly #lock: Database.Database;
  readonly #db: Database.Database;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #hosts = new Map<string, Host>();
  readonly #streams = new Map<string, Stream>();
  readonly #shapeIds = new Map<string, number>();
  readonly #pageBytes: number;
  #entries: number;

  /**
   * @param folder made when it is missing.
   * @throws LedgerOpenError with what to do.
   */
  constructor(folder: string) {
    const path = join(folder, 'ledger.sqlite');
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#lock = takeLock(folder);
      this.#db = new Database(path);
      this.#db.pragma('journal_mode = WAL');
      this.#db.pragma('synchronous = FULL');
      // Nobody else writes (`takeLock`), but for a person with a shell; the ledger tries again by itself.
      this.#db.pragma('busy_timeout = 500');
      migrate(this.#db, path);
      this.#sql = prepare(this.#db);
      this.generation = this.#meta('generation', () => randomUUID());
      this.#entries = Number(this.#meta('entries', () => '0'));
      this.#pageBytes = this.#db.pragma('page_size', { simple: true }) as number;
    } catch (error) {
      if (error instanceof LedgerOpenError) throw error;
      throw new LedgerOpenError(openMessage(path, error), { cause: error });
    }
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
    if (this.#hosts.size + this.#streams.size + this.#shapeIds.size > CACHED_MAX) this.#dropCaches();
    return this.#transaction(() => {
      for (const shape of shapes) this.#internShape(shape);
      const refusals = appends.map((append) => this.#append(append));
      this.#sql.setMeta.run('entries', String(this.#entries));
      return { refusals };
    });
  }

  stream(host: string, epoch: string): StreamState {
    const stream = this.#findStream(host, epoch);
    const lastAt = this.#findHost(host)?.lastAt ?? 0;
    return { next: stream?.next ?? null, lastHash: stream?.lastHash ?? 0, lastAt };
  }

  hosts(): HostState[] {
    return this.#sql.hosts.all() as HostState[];
  }

  read(host: string, after: number, limit: number): ReadResult {
    const found = this.#findHost(host);
    if (found === undefined) return { entries: [], shapes: [] };
    const base = found.id * OFFSETS_PER_HOST;
    const rows = this.#sql.read.all(base + after, base + OFFSETS_PER_HOST, limit) as EntryRow[];
    const shapes = new Map<number, WireShape>();
    const entries = rows.map((row) => this.#toStored(row, base, shapes));
    return { entries, shapes: [...shapes.values()] };
  }

  /** Removes at most `entriesMax`, oldest first, so that no commit waits long behind it. */
  trim(bounds: TrimBounds, entriesMax: number): number {
    let removed = this.#remove(bounds.olderThan, entriesMax);
    while (removed < entriesMax && this.stats.bytes > bounds.bytesMax) {
      const count = this.#remove(Number.MAX_SAFE_INTEGER, Math.min(256, entriesMax - removed));
      if (count === 0) break;
      removed += count;
    }
    return removed;
  }

  forget(host: string): void {
    const found = this.#findHost(host);
    if (found === undefined) return;
    this.#transaction(() => {
      const base = found.id * OFFSETS_PER_HOST;
      this.#entries -= this.#sql.removeHostEntries.run(base, base + OFFSETS_PER_HOST).changes;
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

  /** Returns why the append was refused, or null. Checks everything before it writes anything. */
  #append({ host, epoch, entries }: WireAppend): string | null {
    const found = this.#findStream(host, epoch);
    const first = entries[0];
    if (first === undefined) return null;
    // The first entry of a new epoch says where the epoch begins: an earlier life of the ledger may have had the rest.
    let next = found?.next ?? first.seq;
    const fresh = entries.filter((entry) => entry.lastSeq >= next);
    for (const entry of fresh) {
      if (entry.seq !== next)
        return `host ${host}, epoch ${epoch}: seq ${entry.seq} came where ${next} is next`;
      next = entry.lastSeq + 1;
    }
    if (fresh.length === 0) return null;
    const stream = found ?? this.#addStream(host, epoch, first.seq);
    for (const entry of fresh) this.#insert(stream, entry);
    this.#sql.setStream.run(stream.next, stream.lastHash, stream.id);
    this.#sql.setHost.run(stream.host.nextOffset, stream.host.lastAt, stream.epoch, stream.host.id);
    return null;
  }

  #insert(stream: Stream, entry: WireEntry): void {
    const { host } = stream;
    if (host.nextOffset >= OFFSETS_PER_HOST) throw new Error(`host ${host.name} has used up its offsets`);
    this.#sql.insert.run(
      host.id * OFFSETS_PER_HOST + host.nextOffset,
      stream.id,
      entry.seq,
      entry.lastSeq,
      entry.fromAt,
      entry.at,
      entry.contentHash,
      entry.reason,
      entry.payload === null ? null : JSON.stringify(entry.shapes.map((hash) => this.#shapeId(hash))),
      entry.payload,
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
    const row = this.#sql.host.get(name) as { id: number; nextOffset: number; lastAt: number } | undefined;
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
      host = { id, name: hostName, nextOffset: 1, lastAt: 0 };
      this.#hosts.set(hostName, host);
    }
    const id = Number(this.#sql.addStream.run(host.id, epoch, next).lastInsertRowid);
    const stream: Stream = { id, host, epoch, next, lastHash: 0 };
    this.#streams.set(`${hostName}\n${epoch}`, stream);
    return stream;
  }

  #internShape({ hash, body }: WireShape): void {
    if (this.#shapeIds.has(hash)) return;
    this.#sql.addShape.run(hash, body);
    this.#shapeId(hash);
  }

  #shapeId(hash: string): number {
    const cached = this.#shapeIds.get(hash);
    if (cached !== undefined) return cached;
    const row = this.#sql.shapeId.get(hash) as { id: number } | undefined;
    if (row === undefined) throw new Error(`shape ${hash} was never handed to the ledger`);
    this.#shapeIds.set(hash, row.id);
    return row.id;
  }

  #toStored(row: EntryRow, base: number, shapes: Map<number, WireShape>): WireStored {
    const ids = row.shapes === null ? [] : (JSON.parse(row.shapes) as number[]);
    const hashes = ids.map((id) => {
      let shape = shapes.get(id);
      if (shape === undefined) {
        shape = this.#sql.shape.get(id) as WireShape | undefined;
        if (shape === undefined) throw new Error(`entry ${row.key} names shape ${id}, which is not there`);
        shapes.set(id, shape);
      }
      return shape.hash;
    });
    return {
      offset: row.key - base,
      epoch: row.epoch,
      seq: row.seq,
      lastSeq: row.last_seq,
      fromAt: row.from_at,
      at: row.at,
      contentHash: row.content_hash,
      reason: row.reason,
      shapes: hashes,
      payload: row.payload === null ? null : new Uint8Array(row.payload),
    };
  }

  #remove(olderThan: number, limit: number): number {
    return this.#transaction(() => {
      const removed = this.#sql.remove.run(olderThan, limit).changes;
      this.#entries -= removed;
      if (removed > 0) this.#sql.setMeta.run('entries', String(this.#entries));
      return removed;
    });
  }

  #meta(name: string, make: () => string): string {
    const row = this.#sql.meta.get(name) as { value: string } | undefined;
    if (row !== undefined) return row.value;
    const value = make();
    this.#sql.setMeta.run(name, value);
    return value;
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
    this.#shapeIds.clear();
  }
}

/**
 * One gateway a ledger: a second one would answer from a stale cache. The lock is a file of its own, so that others may
 * read the ledger meanwhile, and the system lets go of it however the process dies.
 */
function takeLock(folder: string): Database.Database {
  const lock = new Database(join(folder, 'ledger.lock'), { timeout: 0 });
  lock.exec('BEGIN EXCLUSIVE');
  return lock;
}

function openMessage(path: string, error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  if (code === 'SQLITE_BUSY')
    return `${path}: in use by another gateway; stop it or give --storage.path another folder`;
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return `${path}: not a ledger, or damaged (${message}); move it away to start afresh, the reporters will refill it`;
  }
  return `${path}: cannot be opened for writing (${message}); check the folder's owner and --storage.path`;
}

function prepare(db: Database.Database) {
  return {
    meta: db.prepare('SELECT value FROM meta WHERE name = ?'),
    setMeta: db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)'),
    oldest: db.prepare('SELECT min(at) AS at FROM entries'),
    host: db.prepare('SELECT id, next_offset AS nextOffset, last_at AS lastAt FROM hosts WHERE name = ?'),
    hosts: db.prepare(
      'SELECT name AS host, next_offset AS nextOffset, last_at AS lastAt, epoch FROM hosts ORDER BY name',
    ),
    addHost: db.prepare('INSERT INTO hosts (name) VALUES (?)'),
    setHost: db.prepare('UPDATE hosts SET next_offset = ?, last_at = ?, epoch = ? WHERE id = ?'),
    stream: db.prepare(
      'SELECT id, next_seq AS next, last_hash AS lastHash FROM streams WHERE host_id = ? AND epoch = ?',
    ),
    addStream: db.prepare('INSERT INTO streams (host_id, epoch, next_seq, last_hash) VALUES (?, ?, ?, 0)'),
    setStream: db.prepare('UPDATE streams SET next_seq = ?, last_hash = ? WHERE id = ?'),
    shape: db.prepare('SELECT hash, body FROM shapes WHERE id = ?'),
    shapeId: db.prepare('SELECT id FROM shapes WHERE hash = ?'),
    addShape: db.prepare('INSERT OR IGNORE INTO shapes (hash, body) VALUES (?, ?)'),
    insert: db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    read: db.prepare(
      `SELECT e.*, s.epoch FROM entries e JOIN streams s ON s.id = e.stream_id
       WHERE e.key > ? AND e.key < ? ORDER BY e.key LIMIT ?`,
    ),
    remove: db.prepare(
      'DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE at < ? ORDER BY at LIMIT ?)',
    ),
    removeHostEntries: db.prepare('DELETE FROM entries WHERE key >= ? AND key < ?'),
    removeHostStreams: db.prepare('DELETE FROM streams WHERE host_id = ?'),
    removeHost: db.prepare('DELETE FROM hosts WHERE id = ?'),
  };
}
