/** Reads a gateway's ledger from outside, so that a test need not believe the gateway. The one place that knows its schema. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { unpackHead } from '../../packages/gateway/src/ledger/block.ts';

export interface LedgerBatch {
  readonly epoch: string;
  readonly seq: number;
  /** The same as `seq`, except for a tombstone, which may stand for several. */
  readonly lastSeq: number;
  readonly at: number;
  /** Why there is a tombstone and no batch; else null. */
  readonly tombstone: string | null;
  /** Values that are not absent, in this entry and in the host's log up to and with it. */
  readonly samples: number;
  readonly samplesThrough: number;
}

interface EntryRow extends Omit<LedgerBatch, 'epoch'> {
  readonly stream: number;
}

interface BlockRow {
  readonly head: Uint8Array;
  readonly samples: number;
  readonly samplesThrough: number;
}

/** What the ledger holds of a host, in its order. Works while the gateway runs, and after its death. */
export function readLedger(storagePath: string, host: string): readonly LedgerBatch[] {
  const db = new Database(join(storagePath, 'ledger.sqlite'), { readonly: true, fileMustExist: true });
  try {
    // One transaction: the gateway may pack what was not read yet.
    return db.transaction(() => {
      const rows = [...readBlocks(db, host), ...readEntries(db, host)];
      const epochOf = db.prepare<[number], string>('SELECT epoch FROM streams WHERE id = ?').pluck();
      return rows.map(({ stream, ...row }) => ({ epoch: epochOf.get(stream) ?? '', ...row }));
    })();
  } finally {
    db.close();
  }
}

/** How many entries of all hosts are in blocks. */
export function packedEntries(storagePath: string): number {
  const db = new Database(join(storagePath, 'ledger.sqlite'), { readonly: true, fileMustExist: true });
  try {
    const sql = 'SELECT coalesce(sum((key & 0xffffffff) - first_offset + 1), 0) FROM blocks';
    return db.prepare<[], number>(sql).pluck().get() ?? 0;
  } finally {
    db.close();
  }
}

/** A host's blocks stand before all its other entries. */
function readBlocks(db: Database.Database, host: string): EntryRow[] {
  const blocks = db
    .prepare<[string], BlockRow>(
      `SELECT head, blocks.samples AS samples, samples_through AS samplesThrough
       FROM hosts JOIN blocks ON blocks.key >> 32 = hosts.id WHERE hosts.name = ? ORDER BY key`,
    )
    .all(host);
  return blocks.flatMap((block) => {
    let samplesThrough = block.samplesThrough - block.samples;
    return unpackHead(block.head).map(({ stream, seq, lastSeq, at, reason, samples }) => {
      samplesThrough += samples;
      return { stream, seq, lastSeq, at, tombstone: reason, samples, samplesThrough };
    });
  });
}

function readEntries(db: Database.Database, host: string): EntryRow[] {
  return db
    .prepare<[string], EntryRow>(
      `SELECT stream_id AS stream, seq, last_seq AS lastSeq, at, reason AS tombstone,
              entries.samples AS samples, samples_through AS samplesThrough
       FROM hosts JOIN entries ON entries.key >> 32 = hosts.id WHERE hosts.name = ? ORDER BY key`,
    )
    .all(host);
}
