/** The SQL of the credentials: rows as they stand in the file. Every call is one statement; transactions are the caller's. */
import type Database from 'better-sqlite3';
import type { Credential, CredentialKind } from './credential.ts';

export interface CredentialRow extends Credential {
  /** Null for a certificate. */
  readonly hash: string | null;
  readonly nextHash: string | null;
}

interface Stored {
  id: string;
  kind: string;
  name: string;
  hash: string | null;
  next_hash: string | null;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  used_at: number | null;
  uses_max: number | null;
  uses: number;
  pattern: string | null;
  parent: string | null;
  epoch: string | null;
  renewing: number;
}

export class Rows {
  readonly #db: Database.Database;
  readonly #all: Database.Statement<[], Stored>;
  readonly #insert: Database.Statement<[Stored]>;
  readonly #update: Database.Statement<[Partial<Stored>]>;
  readonly #delete: Database.Statement<[string]>;
  readonly #used: Database.Statement<[number, string]>;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#all = db.prepare('SELECT * FROM credentials ORDER BY created_at, id');
    this.#insert = db.prepare(`
      INSERT INTO credentials VALUES (@id, @kind, @name, @hash, @next_hash, @created_at, @expires_at, @revoked_at, @used_at,
        @uses_max, @uses, @pattern, @parent, @epoch, @renewing)`);
    this.#update = db.prepare(`
      UPDATE credentials SET hash = @hash, next_hash = @next_hash, revoked_at = @revoked_at, uses = @uses, renewing = @renewing
      WHERE id = @id`);
    this.#delete = db.prepare('DELETE FROM credentials WHERE id = ?');
    this.#used = db.prepare('UPDATE credentials SET used_at = ? WHERE id = ?');
  }

  all(): CredentialRow[] {
    return this.#all.all().map(fromStored);
  }

  insert(row: CredentialRow): void {
    this.#insert.run(toStored(row));
  }

  /** Writes what may change of a credential. */
  update(row: CredentialRow): void {
    const { id, hash, next_hash, revoked_at, uses, renewing } = toStored(row);
    this.#update.run({ id, hash, next_hash, revoked_at, uses, renewing });
  }

  delete(id: string): void {
    this.#delete.run(id);
  }

  used(id: string, at: number): void {
    this.#used.run(at, id);
  }

  /** Rises when another process has written (SQLite's `data_version`). */
  get version(): number {
    return this.#db.pragma('data_version', { simple: true }) as number;
  }

  /** All of `act` or nothing, on the disk at return; what others write waits. */
  transaction<T>(act: () => T): T {
    return this.#db.transaction(act).immediate();
  }

  close(): void {
    this.#db.close();
  }
}

function fromStored(row: Stored): CredentialRow {
  return {
    id: row.id,
    // An unknown one of a newer version gives no right to anything.
    kind: row.kind as CredentialKind,
    name: row.name,
    hash: row.hash,
    nextHash: row.next_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    usedAt: row.used_at,
    usesMax: row.uses_max,
    uses: row.uses,
    pattern: row.pattern,
    parent: row.parent,
    epoch: row.epoch,
    renewing: row.renewing !== 0,
  };
}

function toStored(row: CredentialRow): Stored {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    hash: row.hash,
    next_hash: row.nextHash,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    revoked_at: row.revokedAt,
    used_at: row.usedAt,
    uses_max: row.usesMax,
    uses: row.uses,
    pattern: row.pattern,
    parent: row.parent,
    epoch: row.epoch,
    renewing: row.renewing ? 1 : 0,
  };
}
