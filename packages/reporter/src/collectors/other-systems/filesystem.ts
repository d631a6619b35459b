/**
 * Sizes of mounted filesystems: which there are the systeminformation package says once a minute (df(1), mount(8), WMI), how
 * full they are the system is asked in each tick (statfs-pool.ts, as on Linux), so that a mount that hangs costs only itself.
 */
import { statfs } from 'node:fs/promises';
import type { Collector, ColumnWriter } from '../collector.ts';
import { isRemote, type MountFilter, SIZE_FAMILIES } from '../filesystem.ts';
import { type Answer, type FilesystemStats, type Question, type Statfs, StatfsPool } from '../statfs-pool.ts';
import { fieldOf, listOf, textOf } from '../unknown-values.ts';
import type { FactReader } from './facts.ts';
import { isWindows } from './platforms.ts';

export interface SystemMount {
  readonly device: string;
  readonly mountPoint: string;
  readonly fsType: string;
  /** Null where the package does not know. */
  readonly readOnly: boolean | null;
}

const MOUNTS_MAX = 1_000;
const TIMEOUT_MS = 2_000;
const LABELS = ['device', 'mountpoint', 'fstype', 'device_error'] as const;
/** Windows has no file nodes (zero there), and only macOS has what is purgeable, which statfs does not tell. */
const NOT_ON_WINDOWS: ReadonlySet<string> = new Set(['node_filesystem_files', 'node_filesystem_files_free']);
const NOWHERE = 'node_filesystem_purgeable_bytes';

/** What `fsSize` of the package answers, each mount once. */
export function mountsOf(value: unknown, platform: string): SystemMount[] {
  const mounts = new Map<string, SystemMount>();
  for (const item of listOf(value, MOUNTS_MAX)) {
    const device = textOf(fieldOf(item, 'fs'));
    const mountPoint = textOf(fieldOf(item, 'mount'));
    if (device === '' || mountPoint === '') continue;
    const type = textOf(fieldOf(item, 'type'));
    const writable = fieldOf(item, 'rw');
    // On macOS it looks only at devices with a path, and calls all others read-only.
    const isKnown = typeof writable === 'boolean' && (platform !== 'darwin' || device.startsWith('/'));
    const mount = {
      device,
      mountPoint,
      // The kernel says apfs where the package says APFS.
      fsType: platform === 'darwin' ? type.toLowerCase() : type,
      readOnly: isKnown ? !writable : null,
    };
    const key = `${device}\0${mountPoint}\0${mount.fsType}`;
    if (!mounts.has(key)) mounts.set(key, mount);
  }
  return [...mounts.values()];
}

/** The path by which a mount is asked for its size, and whether it may depend on another machine. */
export function questionOf(mount: SystemMount, platform: string, systemDrive: string): Question {
  if (!isWindows(platform)) return { path: mount.mountPoint, remote: isRemote(mount) };
  // A drive without a backslash is the folder that its programs are in. Of a drive it is not told where it is.
  return { path: `${mount.mountPoint}\\`, remote: mount.mountPoint !== systemDrive };
}

interface Watched extends Question {
  readonly mount: SystemMount;
}

export interface SystemFilesystemOptions {
  readonly platform: string;
  readonly read: FactReader;
  readonly filter: MountFilter;
  readonly statfs?: Statfs;
  /** As Windows has it, `C:`. */
  readonly systemDrive?: string;
}

export function createSystemFilesystemCollector(options: SystemFilesystemOptions): Collector {
  const { platform, read, filter, systemDrive = process.env['SystemDrive'] ?? 'C:' } = options;
  const pool = new StatfsPool(options.statfs ?? statfs, TIMEOUT_MS);
  const families = SIZE_FAMILIES.filter(
    ({ name }) => name !== NOWHERE && !(isWindows(platform) && NOT_ON_WINDOWS.has(name)),
  );
  let id = 0;
  let watched: readonly Watched[] = [];
  return {
    name: 'filesystem',
    isStuck: () => pool.inFlight > 0,
    async collect(out, signal) {
      const reading = await read();
      if (reading.id !== id) {
        watched = mountsOf(reading.value, platform)
          .filter(({ mountPoint, fsType }) => filter.keepMountPoint(mountPoint) && filter.keepType(fsType))
          .map((mount) => ({ mount, ...questionOf(mount, platform, systemDrive) }));
        id = reading.id;
      }
      const answers = await pool.ask(watched, signal);
      write(out, watched, answers, families);
    },
  };
}

function write(
  out: ColumnWriter,
  watched: readonly Watched[],
  answers: ReadonlyMap<string, Answer>,
  families: typeof SIZE_FAMILIES,
): void {
  const all = watched.map(({ mount, path }) => {
    const answer = answers.get(path) ?? 'not asked';
    const stats: FilesystemStats | null = typeof answer === 'object' ? answer : null;
    const error = typeof answer === 'object' ? '' : answer;
    return { stats, readOnly: mount.readOnly, labels: [mount.device, mount.mountPoint, mount.fsType, error] };
  });
  const errorHelp = 'Whether an error occurred while getting statistics for the given device.';
  out.family('node_filesystem_device_error', 'gauge', errorHelp, LABELS);
  for (const { stats, labels } of all) out.add(stats === null ? 1 : 0, ...labels);
  out.family('node_filesystem_readonly', 'gauge', 'Filesystem read-only status.', LABELS);
  for (const { readOnly, labels } of all) if (readOnly !== null) out.add(readOnly ? 1 : 0, ...labels);
  for (const { name, help, value } of families) {
    out.family(name, 'gauge', help, LABELS);
    for (const { stats, labels } of all) if (stats !== null) out.add(value(stats), ...labels);
  }
}
