/**
 * Loads a native addon that is part of the executable. The system can only load it from a file, so it is written to one, and
 * kept there: the next start finds it.
 *
 * Whoever can put a library into a process owns the process. So a file is loaded only if it belongs to this user, in a folder
 * that nobody else can write to, and has the content that was built in; and it is loaded through the open file that was
 * checked, not by its name, behind which somebody could put another one in the meantime.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';

export interface BuiltInAddon {
  /** Begins its file's name. */
  readonly name: string;
  /** Of `bytes`, in hexadecimal. It is built in as well: to find that a file is right should not read in what it is compared with. */
  readonly sha256: string;
  readonly bytes: () => Uint8Array;
}

/** What the addon exports. @throws Error where the system does not load it, as from a file system that is mounted `noexec` */
export type LoadLibrary = (path: string) => object;

const CHUNK_BYTES = 64 * 1024;
const { O_RDONLY, O_NOFOLLOW } = fs.constants;

/**
 * @param folders the first where it works is used; they are made, but not what is above them
 * @throws Error with what is wrong with each folder
 */
export function loadAddon(
  addon: BuiltInAddon,
  folders: readonly string[],
  load: LoadLibrary = loadLibrary,
): object {
  const reasons: string[] = [];
  for (const folder of folders) {
    try {
      return loadFrom(addon, folder, load);
    } catch (error) {
      reasons.push(`${folder}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    `${addon.name} cannot be loaded from any folder; it takes one that is this user's own, and may hold programs (${reasons.join('; ')})`,
  );
}

function loadFrom(addon: BuiltInAddon, folder: string, load: LoadLibrary): object {
  makeOwnFolder(folder);
  const path = join(folder, `${addon.name}-${addon.sha256.slice(0, 16)}.node`);
  let file = openChecked(path, addon);
  if (file === null) {
    write(path, addon.bytes());
    file = openChecked(path, addon);
    if (file === null) throw new Error(`${path} is not what was just written`);
  }
  try {
    const loaded = load(fs.existsSync('/proc/self/fd') ? `/proc/self/fd/${file}` : path);
    removeOthers(folder, path, addon);
    return loaded;
  } finally {
    fs.closeSync(file);
  }
}

function makeOwnFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = fs.lstatSync(folder);
  if (!found.isDirectory()) throw new Error('not a folder');
  const { uid, mode } = found;
  if (uid !== process.geteuid?.()) throw new Error(`belongs to user ${uid}`);
  if ((mode & 0o022) !== 0) throw new Error(`others may write to it (mode ${(mode & 0o777).toString(8)})`);
}

/** Null where there is no such file, or another one. */
function openChecked(path: string, { sha256 }: BuiltInAddon): number | null {
  let file: number;
  try {
    file = fs.openSync(path, O_RDONLY | O_NOFOLLOW);
  } catch {
    return null;
  }
  const { uid, mode } = fs.fstatSync(file);
  const isOwn = uid === process.geteuid?.() && (mode & 0o022) === 0;
  if (isOwn && hashOf(file) === sha256) return file;
  fs.closeSync(file);
  return null;
}

/** By pieces: the whole would stay in the process's memory for a while. */
function hashOf(file: number): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; ; ) {
    const bytes = fs.readSync(file, chunk, 0, CHUNK_BYTES, at);
    if (bytes === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytes));
    at += bytes;
  }
}

/** In one step, so that another reporter of this user that starts now finds all of it or nothing. */
function write(path: string, bytes: Uint8Array): void {
  const fresh = `${path}.${process.pid}`;
  fs.rmSync(fresh, { force: true });
  try {
    fs.writeFileSync(fresh, bytes, { mode: 0o500, flag: 'wx' });
    fs.renameSync(fresh, path);
  } catch (error) {
    fs.rmSync(fresh, { force: true });
    throw error;
  }
}

/** What earlier versions have left. That it cannot be removed is no reason not to run. */
function removeOthers(folder: string, path: string, { name }: BuiltInAddon): void {
  try {
    for (const entry of fs.readdirSync(folder)) {
      const other = join(folder, entry);
      if (entry.startsWith(`${name}-`) && other !== path) fs.rmSync(other, { force: true });
    }
  } catch {
    // They stay.
  }
}

const loadLibrary: LoadLibrary = (path) => {
  const module = { exports: {} };
  process.dlopen(module, path);
  return module.exports;
};
