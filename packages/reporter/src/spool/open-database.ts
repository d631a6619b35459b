/** Opens the spool's file: one process a spool, damaged files set aside and never deleted. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { makeFolder } from './make-folder.ts';
import { openSqlite } from './open-sqlite.ts';
import { migrate } from './schema.ts';
import { SpoolOpenError } from './spool-error.ts';

export interface OpenedDatabase<T> {
  readonly db: Database.Database;
  /** What `load` made of the database. */
  readonly loaded: T;
  /** Where a damaged file was moved, or null. */
  readonly setAside: string | null;
}

/**
 * Makes the folder when it is missing, and locks it. The lock holds for as long as what is returned is open; the system
 * lets go of it however the process dies.
 * @throws SpoolOpenError
 */
export function lockFolder(folder: string): Database.Database {
  const path = pathIn(folder);
  let lock: Database.Database | null = null;
  try {
    makeFolder(folder);
    lock = openSqlite(join(folder, 'spool.lock'), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') {
      const message = `${path}: in use by another reporter; stop it or give --spool.path another folder`;
      throw new SpoolOpenError(message, { cause: error });
    }
    throw cannotOpen(path, error);
  }
}

/**
 * Opens the file in a locked folder. One that is damaged is moved aside, and a new one takes its place.
 * @param now names a file that has to be set aside.
 * @param load reads what the spool starts with; what is damaged may show only then.
 * @throws SpoolOpenError
 */
export function openDatabase<T>(
  folder: string,
  now: number,
  load: (db: Database.Database) => T,
): OpenedDatabase<T> {
  const path = pathIn(folder);
  try {
    try {
      return { ...openFile(path, load), setAside: null };
    } catch (error) {
      if (!isDamage(error)) throw error;
      const setAside = setFilesAside(path, now);
      return { ...openFile(path, load), setAside };
    }
  } catch (error) {
    throw error instanceof SpoolOpenError ? error : cannotOpen(path, error);
  }
}

/** As `openDatabase`, for a file that is known to be damaged. */
export function replaceDatabase<T>(
  folder: string,
  now: number,
  load: (db: Database.Database) => T,
): OpenedDatabase<T> {
  const setAside = setFilesAside(pathIn(folder), now);
  return { ...openFile(pathIn(folder), load), setAside };
}

/** True for an error by which SQLite says that the file's content cannot be right. */
export function isDamage(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB');
}

function pathIn(folder: string): string {
  return join(folder, 'spool.sqlite');
}

function openFile<T>(path: string, load: (db: Database.Database) => T): { db: Database.Database; loaded: T } {
  const db = openSqlite(path, { timeout: 2000 });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    // Small, so that a tiny program stays one: the spool is written at its end and read once.
    db.pragma('cache_size = -512');
    db.pragma('journal_size_limit = 4194304');
    migrate(db, path);
    return { db, loaded: load(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function setFilesAside(path: string, now: number): string {
  const stem = `${path}.damaged-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`;
  let aside = stem;
  for (let i = 2; existsSync(aside); i++) aside = `${stem}-${i}`;
  // What the write-ahead log holds belongs to the damaged file and must not be replayed into the new one, not even
  // when this process dies between the two.
  for (const suffix of ['-wal', '-shm', '']) {
    try {
      renameSync(path + suffix, aside + suffix);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return aside;
}

function cannotOpen(path: string, error: unknown): SpoolOpenError {
  const { message } = error as Error;
  return new SpoolOpenError(
    `${path}: cannot be opened for writing (${message}); check the folder's owner and --spool.path`,
    { cause: error },
  );
}

/** Tells how many bytes a database takes up on disk, free pages not counted. Asked several times a tick, so it is compiled once. */
export function sizeOf(db: Database.Database): () => number {
  const pragma = (name: string) => db.prepare<[], number>(`PRAGMA ${name}`).pluck();
  const [pages, free] = [pragma('page_count'), pragma('freelist_count')];
  const pageBytes = pragma('page_size').get() ?? 0;
  return () => ((pages.get() ?? 0) - (free.get() ?? 0)) * pageBytes;
}
