/**
 * What was not there when it was last looked for. Most hosts lack most of what there are collectors for, so that of a tick's
 * reads some forty find nothing. Node makes an exception of each, with its stack, which costs several times what the kernel
 * takes; so what was missing is first asked for by a call that makes none. What appears is seen at once.
 */
import { existsSync } from 'node:fs';

/** More than any host lacks; those of devices that come and go are forgotten with all others. */
const PATHS_MAX = 2048;

const absent = new Set<string>();

/**
 * Does `access`, which may throw a system error; undefined, without one, for a path that was missing before and still is.
 * @throws what `access` throws.
 */
export function unlessAbsent<T>(path: string, access: (path: string) => T): T | undefined {
  if (absent.has(path)) {
    if (!existsSync(path)) return undefined;
    absent.delete(path);
  }
  try {
    return access(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      if (absent.size >= PATHS_MAX) absent.clear();
      absent.add(path);
    }
    throw error;
  }
}
