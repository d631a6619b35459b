/**
 * Writes the entries of one commit. Of most hosts it brings one, which becomes a row of its own. Of a host that sends a backlog it
 * brings many, which are not fresh: these are written as blocks at once, so that they need not be written, read again, packed and
 * removed.
 */
import { viewGroups } from '../codec.ts';
import { OFFSETS_PER_HOST } from './catalog.ts';
import type { Core } from './core.ts';
import { DamageError } from './damage.ts';
import { type EntryRow, entryOfRow } from './log-rows.ts';
import type { PackPolicy } from './pack-policy.ts';
import { bytesBefore, packBefore, writeBlock } from './packer.ts';

/**
 * So much one commit packs of what its hosts had before, and of a host with no more entries than these. Who has more gets rows once
 * more, until the packer has been there: everybody's acks wait for a commit.
 */
const EARLIER_BYTES_MAX = 1024 * 1024;
const EARLIER_ENTRIES_MAX = 128;

export class LogWriter {
  readonly #core: Core;
  readonly #policy: PackPolicy;
  readonly #freshSince: number;
  #earlierBytesLeft = EARLIER_BYTES_MAX;
  /** By the host's id, in the order of its log. */
  readonly #rows = new Map<number, EntryRow[]>();

  /** @param now decides what is fresh. */
  constructor(core: Core, policy: PackPolicy, now: number) {
    this.#core = core;
    this.#policy = policy;
    this.#freshSince = now - policy.freshMs;
  }

  /** @param row the next one of its host. */
  add(host: number, row: EntryRow): void {
    const rows = this.#rows.get(host);
    if (rows === undefined) this.#rows.set(host, [row]);
    else rows.push(row);
  }

  /** Within the same transaction: writes everything that was added. */
  write(): void {
    for (const [host, rows] of this.#rows) {
      if (this.#isBacklog(rows) && this.#packEarlier(host, rows[0]?.key ?? 0)) this.#writeBlocks(rows);
      else for (const row of rows) this.#insert(row);
    }
  }

  #isBacklog(rows: readonly EntryRow[]): boolean {
    return rows.length >= this.#policy.arrivingEntries && rows.every(({ at }) => at < this.#freshSince);
  }

  /** @returns whether all before `end` is packed now; else nothing was done. */
  #packEarlier(host: number, end: number): boolean {
    const bytes = bytesBefore(this.#core, host, end, EARLIER_ENTRIES_MAX);
    if (bytes > this.#earlierBytesLeft) return false;
    this.#earlierBytesLeft -= bytes;
    packBefore(this.#core, this.#policy, host, end);
    return true;
  }

  #writeBlocks(rows: readonly EntryRow[]): void {
    const { blockEntries, blockBytes } = this.#policy;
    // As even as can be, so that the last one is no stump.
    const count = Math.ceil(rows.length / Math.ceil(rows.length / blockEntries));
    let block: EntryRow[] = [];
    let bytes = 0;
    for (const row of rows) {
      const weight = row.payload?.length ?? 0;
      if (block.length === count || (block.length > 0 && bytes + weight > blockBytes)) {
        this.#writeBlock(block);
        block = [];
        bytes = 0;
      }
      block.push(row);
      bytes += weight;
    }
    this.#writeBlock(block);
  }

  #writeBlock(rows: readonly EntryRow[]): void {
    try {
      const entries = rows.map((row) => entryOfRow(row, viewGroups));
      const key = rows[0]?.key ?? 0;
      writeBlock(this.#core.sql, key - (key % OFFSETS_PER_HOST), entries);
    } catch (error) {
      // What has just arrived says nothing of the file.
      if (!(error instanceof DamageError)) throw error;
      throw new Error(error.message, { cause: error });
    }
  }

  #insert(row: EntryRow): void {
    const { key, stream_id, seq, last_seq, from_at, at, content_hash } = row;
    const { samples, samples_through, reason, shapes, payload } = row;
    this.#core.sql.insert.run(
      key,
      stream_id,
      seq,
      last_seq,
      from_at,
      at,
      content_hash,
      samples,
      samples_through,
      reason,
      shapes,
      payload,
    );
  }
}
