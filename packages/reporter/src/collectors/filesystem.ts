/**
 * Sizes of mounted filesystems, from the mount table and statfs.
 *
 * The only collector of Linux that can hang: see statfs-pool.ts for what keeps it from doing so.
 */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { OptionValues } from '@tributary/shared/options';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { defaultsOf, filterOptions, type Keep, keepBy } from './collector-options.ts';
import { createMountReader, type Mount } from './mounts.ts';
import { type Answer, type FilesystemStats, type Question, type Statfs, StatfsPool } from './statfs-pool.ts';

export const FILESYSTEM_OPTIONS = {
  ...filterOptions(
    'mount-points',
    'mount points',
    '^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)',
  ),
  ...filterOptions(
    'fs-types',
    'types of filesystems',
    '^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|' +
      'overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$',
  ),
};

/** Which mounts to tell. */
export interface MountFilter {
  readonly keepMountPoint: Keep;
  readonly keepType: Keep;
}

/** What the options choose. */
export function mountFilter(values: OptionValues<typeof FILESYSTEM_OPTIONS>): MountFilter {
  return {
    keepMountPoint: keepBy(FILESYSTEM_OPTIONS, values, 'mount-points'),
    keepType: keepBy(FILESYSTEM_OPTIONS, values, 'fs-types'),
  };
}

/** Types that are served by a network or by another program, and so may never answer. */
const REMOTE_FS_TYPES =
  /^(nfs\d?|cifs|smb\w*|afpfs|ncpfs|afs|ceph|9p|virtiofs|lustre|beegfs|gfs2?|ocfs2|gpfs|pvfs2|orangefs|coda|davfs|webdav|ftp|vboxsf|prl_fs|(mac|osx)?fuse.*|\w*glusterfs)$/;

/** Less than the usual interval, so that the first tick that meets a hung mount still tells the others. */
const TIMEOUT_MS = 2000;

/** One mount with its sizes, or with the reason why there are none. */
interface MountStats {
  readonly mount: Mount;
  readonly stats: FilesystemStats | null;
  /** '' when all is well. */
  readonly error: string;
}

const LABELS = ['device', 'mountpoint', 'fstype', 'device_error'] as const;

interface SizeFamily {
  readonly name: string;
  readonly help: string;
  readonly value: (stats: FilesystemStats) => number;
}

/** Also told of the mounts of other systems, as far as they have it. */
export const SIZE_FAMILIES: readonly SizeFamily[] = [
  {
    name: 'node_filesystem_size_bytes',
    help: 'Filesystem size in bytes.',
    value: (stats) => stats.blocks * stats.bsize,
  },
  {
    name: 'node_filesystem_free_bytes',
    help: 'Filesystem free space in bytes.',
    value: (stats) => stats.bfree * stats.bsize,
  },
  {
    name: 'node_filesystem_avail_bytes',
    help: 'Filesystem space available to non-root users in bytes.',
    value: (stats) => stats.bavail * stats.bsize,
  },
  {
    name: 'node_filesystem_files',
    help: 'Filesystem total file nodes.',
    value: (stats) => stats.files,
  },
  {
    name: 'node_filesystem_files_free',
    help: 'Filesystem total free file nodes.',
    value: (stats) => stats.ffree,
  },
  {
    name: 'node_filesystem_purgeable_bytes',
    help: 'Filesystem space available including purgeable space (MacOS specific).',
    value: () => 0,
  },
];

function write(out: ColumnWriter, all: readonly MountStats[]): void {
  const errorHelp = 'Whether an error occurred while getting statistics for the given device.';
  out.family('node_filesystem_device_error', 'gauge', errorHelp, LABELS);
  for (const { mount, stats, error } of all) {
    out.add(stats === null ? 1 : 0, mount.device, mount.mountPoint, mount.fsType, error);
  }
  out.family('node_filesystem_readonly', 'gauge', 'Filesystem read-only status.', LABELS);
  for (const { mount, error } of all) {
    out.add(mount.readOnly ? 1 : 0, mount.device, mount.mountPoint, mount.fsType, error);
  }
  for (const { name, help, value } of SIZE_FAMILIES) {
    out.family(name, 'gauge', help, LABELS);
    for (const { mount, stats, error } of all) {
      if (stats !== null) out.add(value(stats), mount.device, mount.mountPoint, mount.fsType, error);
    }
  }
  const infoHelp = 'Filesystem mount information.';
  const infoLabels = ['device', 'major', 'minor', 'mountpoint'] as const;
  out.family('node_filesystem_mount_info', 'gauge', infoHelp, infoLabels);
  for (const { mount, stats } of unique(
    all,
    ({ mount: m }) => `${m.device}\0${m.major}:${m.minor}\0${m.mountPoint}`,
  )) {
    if (stats !== null) out.add(1, mount.device, mount.major, mount.minor, mount.mountPoint);
  }
}

/** Drops what has the key of an earlier item: a series may be told only once, but mounts can lie on one another. */
function unique<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = keyOf(item);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

export interface FilesystemOptions {
  readonly filter?: MountFilter;
  readonly timeoutMs?: number;
  /** In place of the system's, in tests. */
  readonly statfs?: Statfs;
}

export function createFilesystemCollector(roots: Roots, options: FilesystemOptions = {}): Collector {
  const { keepMountPoint, keepType } = options.filter ?? mountFilter(defaultsOf(FILESYSTEM_OPTIONS));
  const pool = new StatfsPool(options.statfs ?? statfs, options.timeoutMs ?? TIMEOUT_MS);
  const readMounts = createMountReader(roots);
  let table: readonly Mount[] = [];
  let watched: readonly WatchedMount[] = [];
  return {
    name: 'filesystem',
    isStuck: () => pool.inFlight > 0,
    async collect(out, signal) {
      const read = readMounts();
      if (read !== table) {
        table = read;
        const kept = table.filter(({ mountPoint, fsType }) => keepMountPoint(mountPoint) && keepType(fsType));
        watched = toWatched(kept, roots);
      }
      const answers = await pool.ask(watched, signal);
      write(
        out,
        watched.map(({ mount, path }) => toMountStats(mount, answers.get(path))),
      );
    },
  };
}

/** A mount and the question that is asked about it. */
interface WatchedMount extends Question {
  readonly mount: Mount;
}

function toWatched(mounts: readonly Mount[], roots: Roots): WatchedMount[] {
  const keyOf = (mount: Mount) => `${mount.device}\0${mount.mountPoint}\0${mount.fsType}`;
  return unique(mounts, keyOf).map((mount) => ({
    mount,
    path: join(roots.root, mount.mountPoint),
    remote: isRemote(mount),
  }));
}

/** Whether a mount may depend on another machine or program. */
export function isRemote({ fsType, device }: Pick<Mount, 'fsType' | 'device'>): boolean {
  return REMOTE_FS_TYPES.test(fsType) || device.startsWith('//') || device.includes(':/');
}

function toMountStats(mount: Mount, answer: Answer | undefined): MountStats {
  if (typeof answer === 'object') return { mount, stats: answer, error: '' };
  return { mount, stats: null, error: answer ?? 'not asked' };
}
