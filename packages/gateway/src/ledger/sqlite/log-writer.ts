/**
 * Writes the entries of one commit. Of most hosts it brings one, which becomes a row of its own. Of a host that sends a backlog it
 * brings many, which are not fresh: these are written as blocks at once, so that they need not be written, read again, packed and
 * removed.
 */
import type { Core } from './core.ts';
import type { EntryRow } from './log-rows.ts';
import type { PackPolicy } from './pack-policy.ts';
import { packBefore, writeBlock } from './packer.ts';

export class LogWriter {
  readonly #core: Core;
  readonly #policy: PackPolicy;
  readonly #freshSince: number;
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
      if (this.#isBacklog(rows)) this.#writeBlocks(host, rows);
      else for (const row of rows) this.#insert(row);
    }
  }

  #isBacklog(rows: readonly EntryRow[]): boolean {
    return rows.length >= this.#policy.arrivingEntries && rows.every(({ at }) => at < this.#freshSince);
  }

  #writeBlocks(host: number, rows: readonly EntryRow[]): void {
    const { blockEntries, blockBytes } = this.#policy;
    packBefore(this.#core, this.#policy, host, rows[0]?.key ?? 0);
    // As even as can be, so that the last one is no stump.
    const count = Math.ceil(rows.length / Math.ceil(rows.length / blockEntries));
    let block: EntryRow[] = [];
    let bytes = 0;
    for (const row of rows) {
      const weight = row.payload?.length ?? 0;
      if (block.length === count || (block.length > 0 && bytes + weight > blockBytes)) {
        writeBlock(this.#core.sql, block);
        block = [];
        bytes = 0;
      }
      block.push(row);
      bytes += weight;
    }
    writeBlock(this.#core.sql, block);
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
