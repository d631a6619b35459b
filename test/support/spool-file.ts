/** Reads a reporter's spool from outside. The one place here that knows its schema. */
import { join } from 'node:path';
import Database from 'better-sqlite3';

export interface SpoolFile {
  readonly epoch: string;
  /** The highest seq that may have left. */
  readonly sent: number;
  readonly batches: readonly { readonly seq: number; readonly at: number }[];
}

/** Works while the reporter runs, and after its death. */
export function readSpool(folder: string): SpoolFile {
  const db = new Database(join(folder, 'spool.sqlite'), { readonly: true, fileMustExist: true });
  try {
    const meta = new Map(
      db
        .prepare<[], { name: string; value: string }>('SELECT name, value FROM meta')
        .all()
        .map(({ name, value }) => [name, value]),
    );
    return {
      epoch: meta.get('epoch') ?? '',
      sent: Number(meta.get('sent')),
      batches: db.prepare<[], { seq: number; at: number }>('SELECT seq, at FROM batches ORDER BY seq').all(),
    };
  } finally {
    db.close();
  }
}
