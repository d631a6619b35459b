/**
 * The hosts, streams and shapes that the ledger's file knows, and the cache of those in use. The cache is dropped whenever a
 * transaction fails, so it never runs ahead of the disk.
 *
 * A shape goes when no entry names it any more. To tell that without counting, a shape's `last_at` follows the newest
 * entry that names it, in steps of `SHAPE_STEP_MS`: no entry that names it is as new as `last_at + SHAPE_STEP_MS`, so once
 * the oldest entry is, none is left that does.
 */
import type { HostState } from '../ledger.ts';
import type { WireEntry, WireShape } from './messages.ts';
import type { Statements } from './statements.ts';

/** Room for 2^32 entries of each of 2^21 hosts, within the integers that a double holds exactly. */
export const OFFSETS_PER_HOST = 2 ** 32;
/** By so much a shape's `last_at` may lag behind, so that it is not written with every batch. */
export const SHAPE_STEP_MS = 60_000;
/** Hosts, streams and shapes that are remembered; all are read again when there are more. */
const CACHED_MAX = 100_000;

export interface Host {
  readonly id: number;
  readonly name: string;
  nextOffset: number;
  lastAt: number;
  /** Samples that its log has had. */
  samples: number;
}

export interface Stream {
  readonly id: number;
  readonly host: Host;
  readonly epoch: string;
  next: number;
  lastHash: number;
}

interface Shape {
  readonly id: number;
  lastAt: number;
}

interface HostRow {
  readonly host: string;
  readonly nextOffset: number;
  readonly samples: number;
  readonly lastAt: number;
  readonly epoch: string;
  readonly seq: number;
}

export class Catalog {
  readonly #sql: Statements;
  readonly #hosts = new Map<string, Host>();
  readonly #streams = new Map<string, Stream>();
  readonly #shapes = new Map<string, Shape>();
  /** What `nameShapes` said last, and before which time that is so without another look. */
  #named: { readonly hashes: readonly string[]; readonly text: string; readonly until: number } | null = null;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Every host and its log's end, by name. */
  states(): HostState[] {
    const rows = this.#sql.hosts.all() as HostRow[];
    return rows.map(({ host, nextOffset, samples, lastAt, epoch, seq }) => {
      return { host, end: { offset: nextOffset - 1, samples, epoch, seq }, lastAt, epoch };
    });
  }

  findHost(name: string): Host | undefined {
    const cached = this.#hosts.get(name);
    if (cached !== undefined) return cached;
    const row = this.#sql.host.get(name) as Omit<Host, 'name'> | undefined;
    if (row === undefined) return undefined;
    const host: Host = { ...row, name };
    this.#hosts.set(name, host);
    return host;
  }

  findStream(hostName: string, epoch: string): Stream | undefined {
    const key = `${hostName}\n${epoch}`;
    const cached = this.#streams.get(key);
    if (cached !== undefined) return cached;
    const host = this.findHost(hostName);
    if (host === undefined) return undefined;
    const row = this.#sql.stream.get(host.id, epoch) as Pick<Stream, 'id' | 'next' | 'lastHash'> | undefined;
    if (row === undefined) return undefined;
    const stream: Stream = { ...row, host, epoch };
    this.#streams.set(key, stream);
    return stream;
  }

  addStream(hostName: string, epoch: string, next: number): Stream {
    let host = this.findHost(hostName);
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

  internShape({ hash, body }: WireShape): void {
    if (this.#shapes.has(hash)) return;
    this.#sql.addShape.run(hash, body);
    this.#shape(hash);
  }

  /** The ids of the entry's shapes as JSON; from now on these are known to be in use at its time. */
  nameShapes({ shapes: hashes, at }: WireEntry): string {
    // Entries that came in one message have one list, mostly.
    if (hashes === this.#named?.hashes && at < this.#named.until) return this.#named.text;
    let until = Number.POSITIVE_INFINITY;
    const ids = hashes.map((hash) => {
      const shape = this.#shape(hash);
      if (at >= shape.lastAt + SHAPE_STEP_MS) {
        this.#sql.setShape.run(at, shape.id);
        shape.lastAt = at;
      }
      until = Math.min(until, shape.lastAt + SHAPE_STEP_MS);
      return shape.id;
    });
    const text = JSON.stringify(ids);
    this.#named = { hashes, text, until };
    return text;
  }

  /** Removes shapes whose newest entry is from before a moment. @returns their hashes, at most `limit`. */
  removeShapes(lastAt: number, limit: number): string[] {
    const removed = this.#sql.removeShapes.all(lastAt, limit) as { hash: string }[];
    for (const { hash } of removed) this.#shapes.delete(hash);
    this.#named = null;
    return removed.map(({ hash }) => hash);
  }

  /**
   * Keeps the cache within its bound. All go at once and never within a transaction: a stream's host must stay the one
   * that the other cache has.
   */
  bound(): void {
    if (this.#hosts.size + this.#streams.size + this.#shapes.size > CACHED_MAX) this.drop();
  }

  drop(): void {
    this.#hosts.clear();
    this.#streams.clear();
    this.#shapes.clear();
    this.#named = null;
  }

  #shape(hash: string): Shape {
    const cached = this.#shapes.get(hash);
    if (cached !== undefined) return cached;
    const row = this.#sql.shapeOf.get(hash) as Shape | undefined;
    if (row === undefined) throw new Error(`shape ${hash} was never handed to the ledger`);
    this.#shapes.set(hash, row);
    return row;
  }
}
