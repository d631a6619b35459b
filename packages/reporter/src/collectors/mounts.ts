/** The mount table, proc_pid_mountinfo(5). */
import { join } from 'node:path';
import type { Roots } from './collector.ts';
import { badLine, eachLine, errorCode, parseFile } from './source.ts';

export interface Mount {
  readonly device: string;
  readonly mountPoint: string;
  readonly fsType: string;
  readonly major: string;
  readonly minor: string;
  readonly readOnly: boolean;
}

/** The fields before the separator, of which the last may be missing or repeated. */
const FIELDS_MIN = 6;

export function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = [];
  eachLine(text, (line) => {
    // Split at single spaces: a source may be empty.
    const fields = line.split(' ');
    const separator = fields.indexOf('-', FIELDS_MIN);
    const number = fields[2]?.split(':');
    const [fsType, device, superOptions] = separator < 0 ? [] : fields.slice(separator + 1);
    const [major, minor] = number ?? [];
    const mountPoint = fields[4];
    if (!major || !minor || !mountPoint || !fsType || device === undefined || superOptions === undefined) {
      throw badLine('malformed mount', line);
    }
    mounts.push({
      device,
      mountPoint: unescapePath(mountPoint),
      fsType,
      major,
      minor,
      // Either says it: a bind mount can be read-only alone, and a filesystem for all its mounts.
      readOnly: hasReadOnly(fields[5] ?? '') || hasReadOnly(superOptions),
    });
  });
  return mounts;
}

function hasReadOnly(options: string): boolean {
  return options.split(',').includes('ro');
}

/** Undoes the kernel's octal escapes of space, tab, newline and backslash. */
function unescapePath(path: string): string {
  if (!path.includes('\\')) return path;
  return path.replace(/\\(040|011|012|134)/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/**
 * Reads the mounts of the first process, which are the host's; the reporter's own where that one is hidden (hidepid).
 * Mount points are those that the host has: a leading root is taken off.
 *
 * The table is long on hosts with containers and seldom changes: the same array comes back while its text is the same.
 */
export function createMountReader(roots: Roots): () => readonly Mount[] {
  let lastText: string | null = null;
  let mounts: readonly Mount[] = [];
  const parse = (text: string): readonly Mount[] => {
    if (text === lastText) return mounts;
    mounts = parseMounts(text).map((mount) => ({
      ...mount,
      mountPoint: withoutRoot(mount.mountPoint, roots.root),
    }));
    lastText = text;
    return mounts;
  };
  return () => {
    try {
      return parseFile(join(roots.proc, '1/mountinfo'), parse);
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'EPERM'].includes(String(errorCode(error)))) throw error;
      return parseFile(join(roots.proc, 'self/mountinfo'), parse);
    }
  };
}

function withoutRoot(path: string, root: string): string {
  const prefix = root.replace(/\/+$/, '');
  if (path === prefix) return '/';
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}
