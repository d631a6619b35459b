/**
 * Makes the collectors of a system other than Linux: those of the list whose `elsewhere` is true there. Loaded late, and only
 * there.
 */
import type { Collector } from '../collector.ts';
import { type CollectorSettings, keepBy, settingsOf } from '../collector-options.ts';
import { DISKSTATS_OPTIONS } from '../diskstats.ts';
import type { CollectorOptions } from '../entry.ts';
import { FILESYSTEM_OPTIONS, mountFilter } from '../filesystem.ts';
import { NETDEV_OPTIONS } from '../netdev.ts';
import { createAskChild, FACTS_CHILD } from '../system-child/ask-child.ts';
import { createSystemCpuCollector } from './cpu.ts';
import { createMacDiskstatsCollector } from './diskstats.ts';
import { createSystemFilesystemCollector } from './filesystem.ts';
import { createSystemLoadCollector } from './loadavg.ts';
import { createSystemMeminfoCollector } from './meminfo.ts';
import { createSystemNetdevCollector } from './netdev.ts';
import { createSystemProcessCollector } from './process.ts';
import { runProgram } from './run-program.ts';
import { SystemSources } from './sources.ts';
import { createSystemUnameCollector } from './uname.ts';
import { createWindowsOsCollector } from './windows-os.ts';

interface Parts {
  readonly options: CollectorOptions;
  readonly settings: CollectorSettings;
  readonly sources: SystemSources;
}

const FACTORIES: ReadonlyMap<string, (parts: Parts) => Collector> = new Map([
  ['cpu', ({ options }: Parts) => createSystemCpuCollector(options.platform)],
  ['loadavg', createSystemLoadCollector],
  ['meminfo', ({ options, sources }) => createSystemMeminfoCollector(options.platform, sources.memory())],
  [
    'diskstats',
    ({ settings, sources }) => {
      const values = settingsOf('diskstats', DISKSTATS_OPTIONS, settings);
      return createMacDiskstatsCollector(sources.disks(), keepBy(DISKSTATS_OPTIONS, values, 'device'));
    },
  ],
  [
    'filesystem',
    ({ options: { platform, statfs }, settings, sources }) =>
      createSystemFilesystemCollector({
        platform,
        read: sources.facts.reader('mounts'),
        filter: mountFilter(settingsOf('filesystem', FILESYSTEM_OPTIONS, settings)),
        ...(statfs === undefined ? {} : { statfs }),
      }),
  ],
  [
    'netdev',
    ({ settings, sources }) => {
      const values = settingsOf('netdev', NETDEV_OPTIONS, settings);
      return createSystemNetdevCollector(sources.counters(), keepBy(NETDEV_OPTIONS, values, 'device'));
    },
  ],
  ['uname', createSystemUnameCollector],
  ['os', createWindowsOsCollector],
  ['process', ({ options }) => createSystemProcessCollector(options.now)],
]);

/**
 * All at once, so that what they want of one child is known before it is asked.
 * @param names of collectors that are on.
 * @throws Error for a name that is not made here.
 */
export function createOtherCollectors(
  options: CollectorOptions,
  names: readonly string[],
): ReadonlyMap<string, Collector> {
  const sources = options.sources ?? systemSources(options);
  const parts: Parts = { options, settings: options.settings ?? {}, sources };
  return new Map(
    names.map((name) => {
      const create = FACTORIES.get(name);
      if (create === undefined) throw new Error(`there is no collector ${name} for ${options.platform}`);
      return [name, create(parts)];
    }),
  );
}

function systemSources({ platform, now }: CollectorOptions): SystemSources {
  const ask = createAskChild(FACTS_CHILD);
  return new SystemSources({ platform, run: runProgram, ask, monotonic: () => performance.now(), now });
}
