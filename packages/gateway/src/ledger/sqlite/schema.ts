/**
 * The ledger's SQLite schema as numbered migrations. A migration, once released, is never edited; `user_version` counts
 * how many were applied. docs/LEDGER.md explains every column.
 */
import type { Database } from 'better-sqlite3';
import { LedgerOpenError } from '../ledger.ts';

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE hosts (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    next_offset INTEGER NOT NULL DEFAULT 1,
    last_at     INTEGER NOT NULL DEFAULT 0,
    epoch       TEXT NOT NULL DEFAULT ''
  ) STRICT;

  CREATE TABLE streams (
    id        INTEGER PRIMARY KEY,
    host_id   INTEGER NOT NULL REFERENCES hosts (id),
    epoch     TEXT NOT NULL,
    next_seq  INTEGER NOT NULL,
    last_hash INTEGER NOT NULL,
    UNIQUE (host_id, epoch)
  ) STRICT;

  -- last_at stands before the long body, so that setting it rewrites one page.
  CREATE TABLE shapes (
    id      INTEGER PRIMARY KEY,
    hash    TEXT NOT NULL UNIQUE,
    last_at INTEGER NOT NULL DEFAULT 0,
    body    TEXT NOT NULL
  ) STRICT;
  CREATE INDEX shapes_by_time ON shapes (last_at);

  -- key = host_id * 2^32 + offset, so that a host's log is one range of the table's own tree.
  CREATE TABLE entries (
    key          INTEGER PRIMARY KEY,
    stream_id    INTEGER NOT NULL REFERENCES streams (id),
    seq          INTEGER NOT NULL,
    last_seq     INTEGER NOT NULL,
    from_at      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    content_hash INTEGER NOT NULL,
    reason       TEXT,
    shapes       TEXT,
    payload      BLOB
  ) STRICT;
  CREATE INDEX entries_by_time ON entries (at);
  `,
  // Entries are counted in samples, which those of the first schema were not: they go, in a new generation, and the
  // hosts send again what no scraper has taken.
  `
  DELETE FROM meta;
  DELETE FROM entries;
  DELETE FROM streams;
  DELETE FROM hosts;
  DELETE FROM shapes;
  -- Of all entries of the host, trimmed ones included.
  ALTER TABLE hosts ADD COLUMN samples INTEGER NOT NULL DEFAULT 0;
  -- Of the entry, and of all up to it.
  ALTER TABLE entries ADD COLUMN samples INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE entries ADD COLUMN samples_through INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE cursors (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    selection  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    UNIQUE (name, selection)
  ) STRICT;

  -- Positions as JSON: [offset, samples, epoch, seq]; open: pairs of them.
  CREATE TABLE places (
    cursor_id INTEGER NOT NULL REFERENCES cursors (id),
    host_id   INTEGER NOT NULL REFERENCES hosts (id),
    taken     TEXT NOT NULL,
    open      TEXT NOT NULL,
    PRIMARY KEY (cursor_id, host_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX places_by_host ON places (host_id);
  `,
  // Older entries are packed.
  `
  -- Anew, since the payload must be last: what stands behind it is reached through all of its pages only. And without
  -- REFERENCES: to remove one stream would mean to look through all entries.
  ALTER TABLE entries RENAME TO old_entries;
  CREATE TABLE entries (
    key             INTEGER PRIMARY KEY,
    stream_id       INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    last_seq        INTEGER NOT NULL,
    from_at         INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    content_hash    INTEGER NOT NULL,
    samples         INTEGER NOT NULL,
    samples_through INTEGER NOT NULL,
    reason          TEXT,
    shapes          TEXT,
    payload         BLOB
  ) STRICT;
  INSERT INTO entries
    SELECT key, stream_id, seq, last_seq, from_at, at, content_hash, samples, samples_through, reason, shapes, payload
    FROM old_entries ORDER BY key;
  DROP TABLE old_entries;
  CREATE INDEX entries_by_time ON entries (at);

  -- key = host_id * 2^32 + the last entry's offset. All blocks of a host are before all of its entries.
  CREATE TABLE blocks (
    key             INTEGER PRIMARY KEY,
    first_offset    INTEGER NOT NULL,
    min_at          INTEGER NOT NULL,
    max_at          INTEGER NOT NULL,
    samples         INTEGER NOT NULL,
    samples_through INTEGER NOT NULL,
    stream_id       INTEGER NOT NULL,
    last_seq        INTEGER NOT NULL,
    head            BLOB NOT NULL,
    body            BLOB NOT NULL
  ) STRICT;
  CREATE INDEX blocks_by_oldest ON blocks (min_at);
  CREATE INDEX blocks_by_newest ON blocks (max_at);
  -- Tells where a host's blocks are and how far they reach without a look at them.
  CREATE INDEX blocks_by_place ON blocks (key, max_at);
  `,
];

/** Brings an opened database to the present schema. @throws LedgerOpenError when it is from a newer version. */
export function migrate(db: Database, path: string): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > MIGRATIONS.length) {
    throw new LedgerOpenError(
      `${path}: written by a newer version (schema ${version}, this one knows ${MIGRATIONS.length}); run that version, or move the folder away to start afresh`,
    );
  }
  db.transaction(() => {
    for (const sql of MIGRATIONS.slice(version)) db.exec(sql);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  }).immediate();
}
