/** Folders by pattern: `*` and `?` stand for what a shell has them stand for, `[…]` for one of several characters. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const MAGIC = /[*?[]/;

/** A pattern for one name within a path. Hidden names are matched like others, as Go's path/filepath does. */
export function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/\[\^?[^\]]+\]|[*?]|[\\^$.|+(){}[\]]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    return part.length > 1 ? part : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 's');
}

/** The paths that a pattern matches, sorted; a pattern without magic, or without a match, stands for itself. */
export async function expandGlob(pattern: string): Promise<string[]> {
  if (!MAGIC.test(pattern)) return [pattern];
  let paths = [pattern.startsWith('/') ? '/' : '.'];
  for (const part of pattern.split('/').filter((name) => name !== '')) {
    if (!MAGIC.test(part)) {
      paths = paths.map((path) => join(path, part));
      continue;
    }
    const matches = globToRegExp(part);
    const found: string[] = [];
    // One after the other: folders on a dead mount must not hold every thread that reads files.
    for (const path of paths) {
      for (const name of await namesIn(path)) if (matches.test(name)) found.push(join(path, name));
    }
    paths = found;
  }
  return paths.length === 0 ? [pattern] : paths.sort();
}

/** A folder that cannot be read has no matches. */
async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return [];
  }
}
