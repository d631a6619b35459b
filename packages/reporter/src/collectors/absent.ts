/**
 * What was not there when it was last looked for. Most hosts lack most of what there are collectors for, so that of a tick's
 * reads some forty find nothing. Node makes an exception of each, with its stack, which costs several times what the kernel
 * takes; so what was missing is first asked for by a call that makes none. What appears is seen at once.
 */
import { statSync } from 'node:fs';

/** More than any host lacks. Of devices that come and go the longest known are forgotten. */
const PATHS_MAX = 2048;

/** Of the whole process: paths are whole, so that no collector's are another's. */
const absent = new Set<string>();

/**
 * Does `access`, which may throw a system error; undefined, without one, for a path that was missing before and still is.
 * @throws what `access` throws.
 */
export function unlessAbsent<T>(path: string, access: (path: string) => T): T | undefined {
  if (absent.has(path)) {
    if (isMissing(path)) return undefined;
    absent.delete(path);
  }
  try {
    return access(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      for (const oldest of absent) {
        if (absent.size < PATHS_MAX) break;
        absent.delete(oldest);
      }
      absent.add(path);
    }
    throw error;
  }
}

/** What may not be looked at is not missing: `access` then says why. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
