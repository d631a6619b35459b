/** What the parts of the store share: the database, its statements, the catalog, the count of entries, transactions. */
import type { Database } from 'better-sqlite3';
import type { LedgerStats } from '../ledger.ts';
import { Catalog } from './catalog.ts';
import type { Statements } from './statements.ts';

export class Core {
  readonly sql: Statements;
  readonly catalog: Catalog;
  readonly #db: Database;
  readonly #pageBytes: number;
  #entries: number;
  #written: number;

  /** @param entries how many are stored. */
  constructor(db: Database, sql: Statements, entries: number) {
    this.#db = db;
    this.sql = sql;
    this.catalog = new Catalog(sql);
    this.#pageBytes = db.pragma('page_size', { simple: true }) as number;
    this.#entries = entries;
    this.#written = entries;
  }

  get stats(): LedgerStats {
    return { bytes: this.bytes, entries: this.#entries, oldestAt: this.oldestAt() ?? 0 };
  }

  /** Of the pages in use; what was freed is used again before the file grows. */
  get bytes(): number {
    const pages = this.#db.pragma('page_count', { simple: true }) as number;
    const free = this.#db.pragma('freelist_count', { simple: true }) as number;
    return (pages - free) * this.#pageBytes;
  }

  /** The time of the oldest entry; null when there is none. */
  oldestAt(): number | null {
    return (this.sql.oldest.get() as { at: number | null }).at;
  }

  /** Within a transaction: so many entries came, or went where it is negative. */
  count(entries: number): void {
    this.#entries += entries;
  }

  /** All of `work` or nothing, durable when it returns. */
  transaction<T>(work: () => T): T {
    try {
      const result = this.#db
        .transaction(() => {
          const made = work();
          if (this.#entries !== this.#written) this.sql.setMeta.run('entries', String(this.#entries));
          return made;
        })
        .immediate();
      this.#written = this.#entries;
      return result;
    } catch (error) {
      this.#entries = this.#written;
      this.catalog.drop();
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }
}
