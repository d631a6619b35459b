/** The ledger's files: one gateway a folder, damaged files set aside and never deleted. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { makeFolder } from '../../make-folder.ts';
import { LedgerOpenError } from '../ledger.ts';
import { isDamage } from './damage.ts';
import { migrate } from './schema.ts';

export interface OpenedFiles<T> {
  readonly db: Database.Database;
  /** What `load` made of the database. */
  readonly loaded: T;
  /** Where a damaged file was moved, or null. */
  readonly setAside: string | null;
}

/**
 * One gateway a ledger: a second one would answer from a stale cache. The lock is a file of its own, so that others may
 * read the ledger meanwhile, and the system lets go of it however the process dies.
 * @param folder made when it is missing.
 * @throws LedgerOpenError
 */
export function lockFolder(folder: string): Database.Database {
  let lock: Database.Database | null = null;
  try {
    makeFolder(folder);
    lock = new Database(join(folder, 'ledger.lock'), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    throw cannotOpen(pathIn(folder), error);
  }
}

/**
 * Opens the file in a locked folder. One that is damaged is moved aside, and a new one takes its place.
 * @param now names a file that has to be set aside.
 * @param load reads what the store starts with; what is damaged may show only then.
 * @throws LedgerOpenError
 */
export function openFiles<T>(
  folder: string,
  now: number,
  load: (db: Database.Database) => T,
): OpenedFiles<T> {
  const path = pathIn(folder);
  try {
    try {
      return { ...openFile(path, load), setAside: null };
    } catch (error) {
      if (!isDamage(error)) throw error;
      const setAside = setFilesAside(folder, now);
      return { ...openFile(path, load), setAside };
    }
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

/** Moves a closed ledger's files away. @returns where the main one is now. */
export function setFilesAside(folder: string, now: number): string {
  const path = pathIn(folder);
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

function pathIn(folder: string): string {
  return join(folder, 'ledger.sqlite');
}

function openFile<T>(path: string, load: (db: Database.Database) => T): { db: Database.Database; loaded: T } {
  const db = new Database(path);
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    // Nobody else writes (`lockFolder`), but for a person with a shell; the ledger tries again by itself.
    db.pragma('busy_timeout = 500');
    migrate(db, path);
    return { db, loaded: load(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function cannotOpen(path: string, error: unknown): LedgerOpenError {
  if (error instanceof LedgerOpenError) return error;
  const { code, message } = error as { code?: string; message: string };
  const text =
    code === 'SQLITE_BUSY'
      ? `${path}: in use by another gateway; stop it or give --storage.path another folder`
      : code === 'SQLITE_FULL'
        ? `${path}: the disk is full, and a start needs some room; make room on it`
        : `${path}: cannot be opened for writing (${message}); check the folder's owner and --storage.path`;
  return new LedgerOpenError(text, { cause: error });
}
