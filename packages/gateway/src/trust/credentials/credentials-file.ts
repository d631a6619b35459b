/** The file of the credentials in use: what others have changed in it, and changes of one's own, each on the disk at return. */
import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { CredentialsError, explain } from './credentials-error.ts';
import { type OpenedFile, type OpenOptions, openFile } from './open-file.ts';
import { type News, Rows } from './rows.ts';

export class CredentialsFile {
  readonly #options: OpenOptions;
  readonly path: string;
  readonly isNew: boolean;
  #db: Database.Database;
  rows: Rows;
  /** Which file it was when it was opened; another may stand in its place since. */
  #identity: string;
  /** SQLite's `data_version`, which rises when another process has written; -1 before the first look. */
  #version = -1;
  #revision = 0;

  private constructor(options: OpenOptions, opened: OpenedFile) {
    const { db, path, isNew } = opened;
    this.#options = options;
    this.path = path;
    this.isNew = isNew;
    this.#db = db;
    this.rows = prepared(opened);
    this.#identity = identityOf(path);
  }

  /** @throws CredentialsError */
  static open(options: OpenOptions): CredentialsFile {
    return new CredentialsFile(options, openFile(options));
  }

  /**
   * What was changed by others since the last call; null for nothing. What a call that fails was to tell, the next one tells.
   * @throws CredentialsError
   */
  news(): News | null {
    return this.#explained(() => {
      if (identityOf(this.path) !== this.#identity) {
        throw new CredentialsError(`the file of the credentials, ${this.path}, was moved away or replaced`);
      }
      const version = this.#db.pragma('data_version', { simple: true }) as number;
      if (version === this.#version) return null;
      const news = this.rows.since(this.#revision);
      this.#version = version;
      this.#revision = news.revision;
      return news;
    });
  }

  /** All that `act` changes, or nothing, on the disk at return; what others write waits. @throws CredentialsError */
  write<T>(act: () => T): T {
    return this.#explained(() => {
      let revision = 0;
      const value = this.#db
        .transaction(() => {
          const value = act();
          revision = this.rows.revision;
          return value;
        })
        .immediate();
      this.#revision = revision;
      return value;
    });
  }

  get isWriting(): boolean {
    return this.#db.inTransaction;
  }

  /**
   * Begins anew with the file that stands there now, and tells all of it next time: SQLite may hold parts of what was damaged,
   * and a copy that was put back is another file.
   * @throws CredentialsError
   */
  reopen(): void {
    const opened = openFile({ ...this.#options, missing: 'refuse' }, this.#options.busyMs);
    const rows = prepared(opened);
    this.#db.close();
    this.#db = opened.db;
    this.rows = rows;
    this.#identity = identityOf(this.path);
    this.#version = -1;
    this.#revision = 0;
  }

  close(): void {
    this.#db.close();
  }

  #explained<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw error instanceof Database.SqliteError ? explain(this.path, error) : error;
    }
  }
}

/** @throws CredentialsError where the tables are not those of the schema; the file is closed then */
function prepared({ db, path }: OpenedFile): Rows {
  try {
    return new Rows(db);
  } catch (error) {
    db.close();
    throw explain(path, error);
  }
}

/** '' where there is none, or none that can be looked at. */
function identityOf(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return '';
  }
}
