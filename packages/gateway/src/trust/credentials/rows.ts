/** The SQL of the credentials: rows as they stand in the file. Every call is one statement; transactions are the caller's. */
import type Database from 'better-sqlite3';
import type { Credential, CredentialKind } from './credential.ts';
import { REMOVED_KEPT } from './schema.ts';

export interface CredentialRow extends Credential {
  /** Null for a certificate. */
  readonly hash: string | null;
  readonly nextHash: string | null;
}

/** What was changed since a revision. */
export interface News {
  /** The rows are all that there are; who knows of others forgets them. */
  readonly isWhole: boolean;
  readonly rows: readonly CredentialRow[];
  /** Ids; empty when `isWhole`. */
  readonly removed: readonly string[];
  /** What this is the state of. */
  readonly revision: number;
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
  readonly #changed: Database.Statement<[number], Stored>;
  readonly #removed: Database.Statement<[number], { id: string }>;
  readonly #revision: Database.Statement<[], { last: number }>;
  readonly #insert: Database.Statement<[Stored]>;
  readonly #update: Database.Statement<[Partial<Stored>]>;
  readonly #delete: Database.Statement<[string]>;
  readonly #used: Database.Statement<[number, string]>;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#all = db.prepare('SELECT * FROM credentials ORDER BY created_at, id');
    this.#changed = db.prepare('SELECT * FROM credentials WHERE revision > ?');
    this.#removed = db.prepare('SELECT id FROM removed WHERE revision > ?');
    this.#revision = db.prepare('SELECT last FROM revisions');
    this.#insert = db.prepare(`
      INSERT INTO credentials (id, kind, name, hash, next_hash, created_at, expires_at, revoked_at, used_at,
        uses_max, uses, pattern, parent, epoch, renewing) VALUES (@id, @kind, @name, @hash, @next_hash, @created_at, @expires_at, @revoked_at, @used_at,
        @uses_max, @uses, @pattern, @parent, @epoch, @renewing)`);
    this.#update = db.prepare(`
      UPDATE credentials SET hash = @hash, next_hash = @next_hash, revoked_at = @revoked_at, uses = @uses, renewing = @renewing
      WHERE id = @id`);
    this.#delete = db.prepare('DELETE FROM credentials WHERE id = ?');
    this.#used = db.prepare('UPDATE credentials SET used_at = ? WHERE id = ?');
  }

  /** @param revision what is known already; 0 for nothing */
  since(revision: number): News {
    return this.#db.transaction((): News => {
      const last = this.revision;
      // A copy that was put back knows less than is known here.
      const isWhole = revision === 0 || last < revision || last - revision >= REMOVED_KEPT;
      const stored = isWhole ? this.#all.all() : this.#changed.all(revision);
      const removed = isWhole ? [] : this.#removed.all(revision).map(({ id }) => id);
      return { isWhole, rows: stored.map(fromStored), removed, revision: last };
    })();
  }

  /** Rises with every change of a row. */
  get revision(): number {
    return this.#revision.get()?.last ?? 0;
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

/** Without the hashes, so that no list or log can ever show them. */
export function publicPart({ hash, nextHash, ...credential }: CredentialRow): Credential {
  return credential;
}
