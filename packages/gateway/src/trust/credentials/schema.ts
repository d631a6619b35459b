/** The schema of credentials.sqlite as numbered migrations, counted by `user_version`. Once released, none is edited. */
import type { Database } from 'better-sqlite3';
import { CredentialsError } from './credentials-error.ts';

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
    renewing   INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX credentials_by_name ON credentials (kind, name);
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
