/**
 * Notices that control groups were made or removed, without listing any: a folder's count of links is two more than it
 * has folders in it (kernfs keeps it so), and asking for it costs microseconds.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ContainerCgroup, Hierarchies } from './cgroup-paths.ts';

/** Where Docker and Podman put containers, under either driver, unless they are told otherwise. */
const USUAL_PARENTS = ['system.slice', 'machine.slice', 'docker', 'libpod_parent'];
/** Folders that are looked at. What begins beyond them is found when runtimes are asked for no other reason. */
const FOLDERS_MAX = 64;

export class FolderCounts {
  readonly #linksOf: (folder: string) => number;
  #counts = new Map<string, number>();

  /** @param linksOf in place of the system's in tests: not every file system counts folders so. */
  constructor(linksOf = (folder: string) => statSync(folder, { throwIfNoEntry: false })?.nlink ?? 0) {
    this.#linksOf = linksOf;
  }

  /**
   * @param uids of users who run containers of their own.
   * @returns whether any folder that was looked at the last time has another count now.
   */
  look(hierarchies: Hierarchies, uids: readonly string[], cgroups: Iterable<ContainerCgroup>): boolean {
    const counts = new Map<string, number>();
    let changed = false;
    for (const folder of foldersOf(hierarchies, uids, cgroups)) {
      const count = this.#linksOf(folder);
      const before = this.#counts.get(folder);
      changed ||= before !== undefined && before !== count;
      counts.set(folder, count);
    }
    this.#counts = counts;
    return changed;
  }
}

function foldersOf(
  hierarchies: Hierarchies,
  uids: readonly string[],
  cgroups: Iterable<ContainerCgroup>,
): Iterable<string> {
  const root =
    hierarchies.version === 2
      ? hierarchies.folder
      : (hierarchies.folders.get('memory') ?? hierarchies.folders.get('pids'));
  if (root === undefined) return [];
  const folders = new Set(USUAL_PARENTS.map((name) => `${root}/${name}`));
  for (const uid of uids) folders.add(`${root}/user.slice/user-${uid}.slice/user@${uid}.service/user.slice`);
  for (const { path } of cgroups) {
    const parent = dirname(path);
    // Pods are one level deeper than other containers.
    for (const folder of [parent, dirname(parent)]) {
      if (folder !== '/' && folders.size < FOLDERS_MAX) folders.add(root + folder);
    }
  }
  return folders;
}

/** Users whose Podman answers at one of these sockets: `/run/user/1000/podman/podman.sock`. */
export function usersOf(sockets: readonly string[]): readonly string[] {
  return sockets.flatMap((socket) => /^\/run\/user\/(\d+)\//.exec(socket)?.[1] ?? []);
}
