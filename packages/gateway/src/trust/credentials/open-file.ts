/**
 * The file of the credentials. It is not the ledger's: one that is damaged is set aside and begun anew, and that must not
 * let everybody in or lock everybody out. This one is never set aside by itself.
 */
import { accessSync, chmodSync, chownSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { makeFolder } from '../../make-folder.ts';
import { CredentialsError, explain } from './credentials-error.ts';
import { migrate } from './schema.ts';

const FILE = 'credentials.sqlite';
/** For another process's commit to end, while this one starts. */
const OPEN_BUSY_MS_MAX = 5_000;
const OWNER_ONLY = 0o600;
const GROUP_AND_OTHERS = 0o077;

export interface OpenOptions {
  /** Of `--storage.path`. */
  readonly folder: string;
  /** Whether the file is made, and its folder, when there is none. */
  readonly missing: 'make' | 'refuse';
  /** For how long a call waits for another process's commit to end, in ms. It blocks the process meanwhile. */
  readonly busyMs: number;
}

export interface OpenedFile {
  readonly db: Database.Database;
  readonly path: string;
  /** It was made just now. */
  readonly isNew: boolean;
}

/**
 * Opens the file, which the gateway and the `token` commands may have open at the same time.
 *
 * Its journal is a rollback journal, so that the file holds everything as soon as a command has ended: whoever copies it has
 * all. With a write-ahead log all stood in the second file until that grew to 4 MB, and a copy of the first was empty.
 * @param openBusyMs what `busyMs` is until it is open
 * @throws CredentialsError
 */
export function openFile(
  { folder, missing, busyMs }: OpenOptions,
  openBusyMs = OPEN_BUSY_MS_MAX,
): OpenedFile {
  const path = join(folder, FILE);
  let db: Database.Database | null = null;
  try {
    const isNew = !existsSync(path);
    if (!isNew && missing === 'refuse' && statSync(path).size === 0) {
      throw new CredentialsError(`the file of the credentials, ${path}, is empty; put a copy of it back`);
    }
    if (isNew && missing === 'refuse') {
      throw new CredentialsError(`there are no credentials in ${folder} (no ${path}); see --storage.path`);
    }
    makeFolder(folder);
    if (!isNew) takeCareOf(path);
    db = new Database(path, { timeout: openBusyMs });
    if (isNew) takeCareOf(path);
    db.pragma('journal_mode = DELETE');
    db.pragma('synchronous = FULL');
    migrate(db);
    db.pragma(`busy_timeout = ${busyMs}`);
    return { db, path, isNew };
  } catch (error) {
    db?.close();
    throw explain(path, error);
  }
}

/**
 * Readable by its owner alone, and that is the folder's owner, who runs the gateway: also where root adds a token, or has put a
 * copy back. SQLite gives the journal the same owner and mode.
 */
function takeCareOf(path: string): void {
  const uid = process.getuid?.();
  if (uid === undefined) return;
  const { uid: owner, gid: group, mode } = statSync(path);
  const isMine = uid === 0 || uid === owner;
  if (isMine && (mode & GROUP_AND_OTHERS) !== 0) chmodSync(path, OWNER_ONLY);
  if (uid === 0) {
    const folder = statSync(dirname(path));
    if (folder.uid !== owner || folder.gid !== group) chownSync(path, folder.uid, folder.gid);
    return;
  }
  refuseForeign(path, owner, uid);
}

/** A file that can only be read would open, and fail at the first change. */
function refuseForeign(path: string, owner: number, uid: number): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const text =
      owner === uid
        ? `${path} must be readable and writable (chmod 600)`
        : `${path} belongs to user ${owner}, and this is user ${uid}; give it to the user that the gateway runs as (chown), mode 600`;
    throw new CredentialsError(text, { cause: error });
  }
}
