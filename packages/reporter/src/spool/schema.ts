/**
 * The spool's SQLite schema as numbered migrations. A migration, once released, is never edited; `user_version` counts
 * how many were applied.
 */
import type { Database } from 'better-sqlite3';
import { SpoolOpenError } from './spool-error.ts';

const MIGRATIONS = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- An id means the same content for the whole epoch: AUTOINCREMENT never gives one out again.
  CREATE TABLE shapes (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    last_seq INTEGER,  -- the last batch that names it; null while the newest one does
    body     TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE INDEX shapes_by_last_seq ON shapes (last_seq);

  -- boot and mono tell when a batch was taken on a clock that nobody sets; at is derived from them.
  CREATE TABLE batches (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    boot   TEXT NOT NULL,
    mono   INTEGER NOT NULL,
    groups TEXT NOT NULL
  ) STRICT;

  CREATE TABLE gaps (
    from_seq INTEGER PRIMARY KEY,
    to_seq   INTEGER NOT NULL,
    from_at  INTEGER NOT NULL,
    to_at    INTEGER NOT NULL,
    reason   TEXT NOT NULL
  ) STRICT;
  `,
];

/** @throws SpoolOpenError when the file is from a newer version. */
export function migrate(db: Database, path: string): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > MIGRATIONS.length) {
    throw new SpoolOpenError(
      `${path}: written by a newer version (schema ${version}, this one knows ${MIGRATIONS.length}); run that version, or give --spool.path another folder`,
    );
  }
  db.transaction(() => {
    for (const sql of MIGRATIONS.slice(version)) db.exec(sql);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  }).immediate();
}
