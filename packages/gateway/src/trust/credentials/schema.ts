/** The schema of credentials.sqlite as numbered migrations, counted by `user_version`. Once released, none is edited. */
import type { Database } from 'better-sqlite3';
import { CredentialsError } from './credentials-error.ts';

/** So many changes back it is known which credentials were removed; who is further behind reads all of them. */
export const REMOVED_KEPT = 10_000;

const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE credentials (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    -- Of the token, SHA-256 in hexadecimal; a certificate has none.
    hash       TEXT UNIQUE,
    -- Of the token that takes its place as soon as it is used.
    next_hash  TEXT UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    used_at    INTEGER,
    uses_max   INTEGER,
    uses       INTEGER NOT NULL DEFAULT 0,
    pattern    TEXT,
    parent     TEXT,
    epoch      TEXT,
    renewing   INTEGER NOT NULL DEFAULT 0,
    -- Of its last change. The triggers count, so that a change by hand is seen, too.
    revision   INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX credentials_by_name ON credentials (kind, name);
  CREATE INDEX credentials_by_revision ON credentials (revision);
  CREATE TABLE revisions (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), last INTEGER NOT NULL) STRICT;
  INSERT INTO revisions VALUES (1, 0);
  CREATE TABLE removed (revision INTEGER PRIMARY KEY, id TEXT NOT NULL) STRICT;
  CREATE TRIGGER credentials_made AFTER INSERT ON credentials BEGIN
    UPDATE revisions SET last = last + 1;
    UPDATE credentials SET revision = (SELECT last FROM revisions) WHERE id = NEW.id;
  END;
  CREATE TRIGGER credentials_changed AFTER UPDATE ON credentials WHEN NEW.revision = OLD.revision BEGIN
    UPDATE revisions SET last = last + 1;
    UPDATE credentials SET revision = (SELECT last FROM revisions) WHERE id = NEW.id;
  END;
  CREATE TRIGGER credentials_removed AFTER DELETE ON credentials BEGIN
    UPDATE revisions SET last = last + 1;
    INSERT INTO removed SELECT last, OLD.id FROM revisions;
    DELETE FROM removed WHERE revision <= (SELECT last FROM revisions) - ${REMOVED_KEPT};
  END;
  `,
];

/** @throws CredentialsError for a file of a newer version. */
export function migrate(db: Database): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > MIGRATIONS.length) {
    throw new CredentialsError(
      `${db.name} is of a newer version of the gateway (schema ${version}, this one knows ${MIGRATIONS.length}); use that version`,
    );
  }
  if (version === MIGRATIONS.length) return;
  db.transaction(() => {
    // Somebody else may have done it since.
    const now = db.pragma('user_version', { simple: true }) as number;
    for (const migration of MIGRATIONS.slice(now)) db.exec(migration);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  }).immediate();
}
