/** Opens SQLite files: the one place that knows where the addon of better-sqlite3 comes from. */
import { dirname } from 'node:path';
import Database from 'better-sqlite3';

/** Gives the addon that is loaded, or loads it. @param folder that of the database, where it may keep a file */
export type AddonProvider = (folder: string) => object;

let provider: AddonProvider | null = null;

/** For a reporter that has no node_modules beside it, where better-sqlite3 would look. To be called before anything is opened. */
export function provideAddon(provide: AddonProvider): void {
  provider = provide;
}

/** The folder must exist. */
export function openSqlite(path: string, options: Database.Options = {}): Database.Database {
  if (provider === null) return new Database(path, options);
  // It takes a loaded addon as well as a path, which its types do not know.
  return new Database(path, { ...options, nativeBinding: provider(dirname(path)) as unknown as string });
}
