/** A store of its own for a test, and what is asked of it in a few words. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { encodeGroups } from '../codec.ts';
import type { TrimBounds } from '../ledger.ts';
import { NO_BOUNDS } from '../ledger-test-support.ts';
import type { WireEntry, WireRead } from './messages.ts';
import { PACK_ALL, PACK_POLICY, type PackPolicy } from './pack-policy.ts';
import { Store } from './store.ts';

export const SHAPE = { hash: 'a'.repeat(64), body: '{"labels":{},"families":[]}' };

/** A batch of one group. */
export function wireBatch(seq: number, at: number, values: readonly number[] = [seq]): WireEntry {
  const column = { values: Float64Array.from(values), absent: null };
  return {
    seq,
    lastSeq: seq,
    fromAt: at,
    at,
    contentHash: seq,
    reason: null,
    samples: values.length,
    shapes: [SHAPE.hash],
    payload: encodeGroups([{ at, column }]),
  };
}

export class StoreBench {
  readonly store: Store;
  /** What stands in the file, for whoever does not believe the store. */
  readonly reader: Database.Database;
  /** As what appends are written; entries of their own unless it is set. */
  arriving: PackPolicy = { ...PACK_POLICY, arrivingEntries: Number.POSITIVE_INFINITY };
  /** When appends come. */
  now = 0;
  readonly #next = new Map<string, number>();

  constructor(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-store-'));
    this.store = new Store(folder, 0);
    this.reader = new Database(join(folder, 'ledger.sqlite'));
    t.after(() => {
      this.reader.close();
      this.store.close();
      rmSync(folder, { recursive: true });
    });
  }

  /** Batches of these times in one append; the value is the seq. */
  append(host: string, ...times: readonly number[]): void {
    this.appendAs(
      host,
      'e1',
      times.map((at) => (seq) => wireBatch(seq, at)),
    );
  }

  appendAs(host: string, epoch: string, makes: readonly ((seq: number) => WireEntry)[]): void {
    const key = `${host} ${epoch}`;
    let next = this.#next.get(key) ?? 1;
    const entries = makes.map((make) => {
      const entry = make(next);
      next = entry.lastSeq + 1;
      return entry;
    });
    this.#next.set(key, next);
    const { refusals } = this.store.commit([{ host, epoch, entries }], [SHAPE], this.arriving, this.now);
    if (refusals[0] != null) throw new Error(refusals[0]);
  }

  /** Entries of many hosts in one commit. */
  commitAll(lists: ReadonlyMap<string, readonly WireEntry[]>): void {
    const appends = [...lists].map(([host, entries]) => ({ host, epoch: 'e1', entries }));
    const { refusals } = this.store.commit(appends, [SHAPE], this.arriving, this.now);
    for (const refusal of refusals) if (refusal !== null) throw new Error(refusal);
  }

  /** @returns how many entries were packed. */
  pack(policy: PackPolicy = PACK_ALL, now = 0): number {
    let packed = 0;
    for (let from: number | null = 0; from !== null; ) {
      const portion = this.store.pack(from, policy, now);
      packed += portion.packed;
      from = portion.next;
    }
    return packed;
  }

  trimAge(olderThan: number): number {
    return this.store.trimAge({ ...NO_BOUNDS, olderThan }).removed;
  }

  trimSize(bounds: Partial<TrimBounds>): { removed: number; full: boolean } {
    let removed = 0;
    for (;;) {
      const portion = this.store.trimSize({ ...NO_BOUNDS, ...bounds });
      removed += portion.removed;
      if (!portion.more) return { removed, full: portion.full };
    }
  }

  /** One portion. @returns the offsets. */
  read(host: string, over: Partial<WireRead> = {}): number[] {
    const all = { after: 0, entriesMax: 100_000, weightMax: Number.POSITIVE_INFINITY, atLeastOne: true };
    return this.store.read([{ host, ...all, ...over }]).lists[0]?.map(({ offset }) => offset) ?? [];
  }

  /** All that there is, a portion at a time. @returns the offsets. */
  readAll(host: string): number[] {
    const offsets: number[] = [];
    for (;;) {
      const more = this.read(host, { after: offsets.at(-1) ?? 0 });
      if (more.length === 0) return offsets;
      offsets.push(...more);
    }
  }

  /** First and last offset of each block, and the offsets of what is not packed. */
  rows(host: string): { blocks: string[]; entries: number[] } {
    const blocks = this.reader
      .prepare(
        `SELECT first_offset || '-' || (key & 0xffffffff) FROM blocks JOIN hosts ON hosts.id = key >> 32
         WHERE name = ? ORDER BY key`,
      )
      .pluck()
      .all(host) as string[];
    const entries = this.reader
      .prepare(
        'SELECT key & 0xffffffff FROM entries JOIN hosts ON hosts.id = key >> 32 WHERE name = ? ORDER BY key',
      )
      .pluck()
      .all(host) as number[];
    return { blocks, entries };
  }
}

/** `from`, `from + 1`, … `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
