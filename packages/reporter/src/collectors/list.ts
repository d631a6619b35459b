/**
 * The list of all collectors: the one place that knows them, for the command line, the configuration and the sampler.
 *
 * Each is a file of its own. `create…Collector` starts nothing; `collect` reads its source (source.ts for the kernel's
 * text files) and writes columns. What a collector keeps between ticks it says in its file: the highest counters (cpu),
 * files that hardly change (os, uname, diskstats), mounts that have not answered (filesystem).
 */
import type { Collector, Roots } from './collector.ts';
import { createCpuCollector } from './cpu.ts';
import { createDiskstatsCollector } from './diskstats.ts';
import { createFilesystemCollector } from './filesystem.ts';
import { createLoadavgCollector } from './loadavg.ts';
import { createMeminfoCollector } from './meminfo.ts';
import { createNetdevCollector } from './netdev.ts';
import { createOsCollector } from './os-release.ts';
import { createPortableCollector } from './portable.ts';
import { createProcessCollector } from './process.ts';
import { createStatCollector } from './stat.ts';
import type { Statfs } from './statfs-pool.ts';
import { createTimeCollector } from './time.ts';
import { createUnameCollector } from './uname.ts';

export interface CollectorOptions {
  readonly roots: Roots;
  /** As `process.platform` has it. */
  readonly platform: string;
  /** What was chosen on the command line or in the file, by name; others have their defaults. */
  readonly enabled: ReadonlyMap<string, boolean>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In place of the system's, in tests. */
  readonly statfs?: Statfs;
  /** In place of `/run/udev/data` beneath the root, in tests. */
  readonly udevData?: string;
}

/** What the command line offers as `--collector.NAME` and `--no-collector.NAME`. */
export interface CollectorInfo {
  readonly name: string;
  readonly enabledByDefault: boolean;
  /** One line for `--help`. */
  readonly help: string;
}

interface CollectorEntry extends CollectorInfo {
  readonly runsOn: (platform: string) => boolean;
  readonly create: (options: CollectorOptions) => Collector;
}

const onLinux = (platform: string): boolean => platform === 'linux';
const elsewhere = (platform: string): boolean => platform !== 'linux';

function entry(
  name: string,
  help: string,
  create: (options: CollectorOptions) => Collector,
  runsOn = onLinux,
): CollectorEntry {
  return { name, enabledByDefault: true, help, runsOn, create };
}

/** In the order in which they are run and told. */
const ENTRIES: readonly CollectorEntry[] = [
  entry('cpu', 'Seconds of each CPU in each mode, and its throttling.', ({ roots }) =>
    createCpuCollector(roots),
  ),
  entry('loadavg', 'Load averages.', ({ roots }) => createLoadavgCollector(roots)),
  entry('meminfo', 'Memory, every field of /proc/meminfo.', ({ roots }) => createMeminfoCollector(roots)),
  entry('diskstats', 'Input and output of block devices.', ({ roots, udevData }) =>
    createDiskstatsCollector(roots, udevData),
  ),
  entry('filesystem', 'Sizes and free space of mounted filesystems.', ({ roots, statfs }) =>
    createFilesystemCollector(roots, statfs === undefined ? {} : { statfs }),
  ),
  entry('netdev', 'Traffic and errors of network devices.', ({ roots }) => createNetdevCollector(roots)),
  entry('stat', 'Boot time, context switches, interrupts, forks and processes.', ({ roots }) =>
    createStatCollector(roots),
  ),
  entry('uname', 'Kernel and names of the host.', ({ roots }) => createUnameCollector(roots)),
  entry('os', 'Distribution, from os-release.', ({ roots }) => createOsCollector(roots)),
  entry('time', 'System time, time zone and clock sources.', ({ roots, now }) =>
    createTimeCollector(roots, now),
  ),
  entry('process', "The reporter's own CPU time, memory and file descriptors.", ({ roots }) =>
    createProcessCollector(roots),
  ),
  entry(
    'portable',
    'Load, memory, filesystems, network and uname on systems other than Linux.',
    ({ now }) => createPortableCollector(now),
    elsewhere,
  ),
];

/** All there are, whatever the platform: a configuration file may be shared by hosts of several kinds. */
export const COLLECTORS: readonly CollectorInfo[] = ENTRIES;

/**
 * The collectors that are on, in a fixed order. One that is asked for but does not exist on this platform is left out.
 * @throws RangeError when `enabled` names a collector that there is not at all.
 */
export function createCollectors(options: CollectorOptions): Collector[] {
  for (const name of options.enabled.keys()) {
    if (!ENTRIES.some((known) => known.name === name)) throw new RangeError(`there is no collector ${name}`);
  }
  return ENTRIES.filter(
    ({ name, enabledByDefault, runsOn }) =>
      runsOn(options.platform) && (options.enabled.get(name) ?? enabledByDefault),
  ).map(({ create }) => create(options));
}
