/**
 * The file of the credentials. It is not the ledger's: one that is damaged is set aside and begun anew, and that must not
 * let everybody in or lock everybody out. This one is never set aside by itself.
 */
import { chmodSync, chownSync, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { makeFolder } from '../../make-folder.ts';
import { CredentialsError } from './credentials-error.ts';
import { migrate } from './schema.ts';

const FILE = 'credentials.sqlite';
/** For another process's commit to end. */
const BUSY_MS_MAX = 5_000;
const OWNER_ONLY = 0o600;

/**
 * Opens the file, which the gateway and the `token` commands may have open at the same time.
 * @param folder of `--storage.path`; made when it is missing.
 * @throws CredentialsError
 */
export function openFile(folder: string): Database.Database {
  const path = join(folder, FILE);
  let db: Database.Database | null = null;
  try {
    makeFolder(folder);
    const isNew = !existsSync(path);
    db = new Database(path, { timeout: BUSY_MS_MAX });
    if (isNew) takeCareOf(path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    migrate(db);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof CredentialsError) throw error;
    throw cannotUse(path, error);
  }
}

/** Readable by its owner alone, and the folder's owner is the one who runs the gateway, also where root adds a token. */
function takeCareOf(path: string): void {
  chmodSync(path, OWNER_ONLY);
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  chownSync(path, uid, gid);
}

function cannotUse(path: string, error: unknown): CredentialsError {
  const { code, message } = error as NodeJS.ErrnoException;
  const text =
    code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT')
      ? `the file of the credentials, ${path}, is damaged; put a copy of it back, or move it away and make new tokens`
      : `cannot use the file of the credentials, ${path}: ${message}`;
  return new CredentialsError(text, { cause: error });
}
