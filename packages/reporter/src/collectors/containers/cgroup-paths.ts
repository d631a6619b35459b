/**
 * Where a container's control groups are: found by the cgroups of its first process, since every driver (cgroupfs,
 * systemd) and every parent that a user may choose makes another path.
 *
 * One component of the path has the container's id in it, and that is the container's group, whatever lies below it:
 * Podman puts processes into `…/libpod-ID.scope/container`, a systemd in the container itself into `…/init.scope`.
 */
import { join } from 'node:path';
import { namesIn } from '../source.ts';
import { readIfThere } from './files.ts';

/** How the kernel's control groups are mounted. */
export type Hierarchies =
  | { readonly version: 2; readonly folder: string }
  /** By controller: `memory` → `/sys/fs/cgroup/memory`. */
  | { readonly version: 1; readonly folders: ReadonlyMap<string, string> };

/** The folders of one container. */
export interface ContainerCgroup {
  /** Its path below the mount point: `/docker/ID`, `/system.slice/docker-ID.scope`. */
  readonly path: string;
  /** The folder of a controller; null when the container has no group of it. In version 2 all have the same. */
  readonly folderOf: (controller: string) => string | null;
  /** The folder that the first process is in, which is the container's or below it. */
  readonly processFolder: string;
}

/** @param sys `/sys` */
export function findHierarchies(sys: string): Hierarchies {
  const folder = join(sys, 'fs/cgroup');
  const names = namesIn(folder);
  // Only a mount point of version 2 has this file. Beside version 1, systemd mounts version 2 as `unified`, without controllers.
  if (names.includes('cgroup.controllers')) return { version: 2, folder };
  const folders = new Map<string, string>();
  for (const name of names) {
    for (const controller of name.split(',')) {
      if (!folders.has(controller)) folders.set(controller, join(folder, name));
    }
  }
  return { version: 1, folders };
}

/** The controllers of version 1 that figures are read of, the one whose path is the container's first. */
const CONTROLLERS_V1 = ['memory', 'cpu', 'cpuacct', 'pids', 'blkio'] as const;

/**
 * The groups of container `id` by the text of its first process's `/proc/PID/cgroup`. Null when it has none of its own,
 * or when the process is no longer the container's.
 */
export function locateCgroup(hierarchies: Hierarchies, text: string, id: string): ContainerCgroup | null {
  const paths = parseCgroups(text);
  if (hierarchies.version === 2) {
    const whole = paths.get('');
    const own = ownPath(whole, id);
    if (whole === undefined || own === null) return null;
    const folder = join(hierarchies.folder, own);
    return { path: own, folderOf: () => folder, processFolder: join(hierarchies.folder, whole) };
  }
  const folders = new Map<string, string>();
  let first: { readonly path: string; readonly processFolder: string } | null = null;
  for (const controller of CONTROLLERS_V1) {
    const root = hierarchies.folders.get(controller);
    const whole = paths.get(controller);
    const own = ownPath(whole, id);
    if (root === undefined || whole === undefined || own === null) continue;
    folders.set(controller, join(root, own));
    first ??= { path: own, processFolder: join(root, whole) };
  }
  return first && { ...first, folderOf: (controller) => folders.get(controller) ?? null };
}

/** By controller, '' for version 2: lines such as `4:cpu,cpuacct:/docker/ID` and `0::/system.slice/docker-ID.scope`. */
export function parseCgroups(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const first = line.indexOf(':');
    const second = line.indexOf(':', first + 1);
    if (first < 1 || second < 0) continue;
    const path = withoutParents(line.slice(second + 1));
    for (const controller of line.slice(first + 1, second).split(',')) paths.set(controller, path);
  }
  return paths;
}

/**
 * A reporter in a cgroup namespace of its own sees the host's groups as `/../../system.slice/…`, while `/sys` is mounted
 * as the host has it.
 */
function withoutParents(path: string): string {
  return path.replace(/^(?:\/\.\.)+(?=\/)/, '');
}

/** The part of `path` up to the component that has the id in it. */
function ownPath(path: string | undefined, id: string): string | null {
  const at = path?.indexOf(id) ?? -1;
  if (path === undefined || at < 0) return null;
  const end = path.indexOf('/', at);
  const own = end < 0 ? path : path.slice(0, end);
  // What the kernel calls a group that was removed is no path any more.
  return own.endsWith(' (deleted)') || own.includes('/../') ? null : own;
}

/** @returns null when there is no such process. */
export function readCgroupsOf(proc: string, pid: number): string | null {
  return readIfThere(`${proc}/${pid}/cgroup`);
}
