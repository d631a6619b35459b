/** Reads a gateway's ledger from outside, so that a test need not believe the gateway. The one place that knows its schema. */
import { join } from 'node:path';
import Database from 'better-sqlite3';

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

/** What the ledger holds of a host, in its order. Works while the gateway runs, and after its death. */
export function readLedger(storagePath: string, host: string): readonly LedgerBatch[] {
  const db = new Database(join(storagePath, 'ledger.sqlite'), { readonly: true, fileMustExist: true });
  try {
    return db
      .prepare<[string], LedgerBatch>(
        `SELECT streams.epoch AS epoch, seq, last_seq AS lastSeq, at, reason AS tombstone,
                entries.samples AS samples, samples_through AS samplesThrough
         FROM entries
         JOIN streams ON streams.id = entries.stream_id
         JOIN hosts ON hosts.id = streams.host_id
         WHERE hosts.name = ?
         ORDER BY entries.key`,
      )
      .all(host);
  } finally {
    db.close();
  }
}
