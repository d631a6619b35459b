import { chownSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and what is missing above it. Not by `recursive`: Node then tries for ever where a folder that is there
 * answers ENOENT, as /proc does. What root makes belongs to whom the folder above it belongs to, who is to use it.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let path = resolve(folder); !existsSync(path); path = dirname(path)) missing.unshift(path);
  for (const path of missing) {
    try {
      mkdirSync(path, { mode: 0o700 });
      if (process.getuid?.() === 0) {
        const { uid, gid } = statSync(dirname(path));
        chownSync(path, uid, gid);
      }
    } catch (error) {
      // Somebody else was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
