/** Opens the spool's file: one process a spool, damaged files set aside and never deleted. */
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { migrate } from './schema.ts';
import { SpoolOpenError } from './spool-error.ts';

export interface OpenedDatabase {
  readonly db: Database.Database;
  /** Held for as long as the spool is open; the system lets go of it however the process dies. */
  readonly lock: Database.Database;
  /** Where a damaged file was moved, or null. */
  readonly setAside: string | null;
}

/**
 * @param folder made when it is missing.
 * @param now names a file that has to be set aside.
 * @throws SpoolOpenError
 */
export function openDatabase(folder: string, now: number): OpenedDatabase {
  const path = join(folder, 'spool.sqlite');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = takeLock(folder);
    try {
      return { db: openFile(path), lock, setAside: null };
    } catch (error) {
      if (!isDamage(error)) throw error;
      const setAside = setFilesAside(path, now);
      return { db: openFile(path), lock, setAside };
    }
  } catch (error) {
    if (error instanceof SpoolOpenError) throw error;
    throw new SpoolOpenError(openMessage(path, error), { cause: error });
  }
}

function openFile(path: string): Database.Database {
  const db = new Database(path);
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('busy_timeout = 2000');
    // Small, so that a tiny program stays one: the spool is written at its end and read once.
    db.pragma('cache_size = -512');
    db.pragma('journal_size_limit = 4194304');
    migrate(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function takeLock(folder: string): Database.Database {
  const lock = new Database(join(folder, 'spool.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw error;
  }
  return lock;
}

function isDamage(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB';
}

function setFilesAside(path: string, now: number): string {
  const aside = `${path}.damaged-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`;
  renameSync(path, aside);
  // What the write-ahead log holds belongs to the damaged file and must not be replayed into the new one.
  for (const suffix of ['-wal', '-shm']) {
    try {
      renameSync(path + suffix, aside + suffix);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return aside;
}

function openMessage(path: string, error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  if (code === 'SQLITE_BUSY')
    return `${path}: in use by another reporter; stop it or give --spool.path another folder`;
  return `${path}: cannot be opened for writing (${message}); check the folder's owner and --spool.path`;
}
