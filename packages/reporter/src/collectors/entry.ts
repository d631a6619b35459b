/** What the list of collectors is made of: one entry each, with how it is made and what the command line offers for it. */
import type { OptionSpec, OptionSpecs, OptionValues } from '@tributary/shared/options';
import type { Collector, Roots } from './collector.ts';
import { type CollectorSettings, settingsOf } from './collector-options.ts';
import { isLinux } from './other-systems/platforms.ts';
import type { SystemSources } from './other-systems/sources.ts';
import type { Lane } from './slow-reads.ts';
import type { Statfs } from './statfs-pool.ts';
import type { AskChild } from './system-child/ask-child.ts';
import type { RunSystemctl } from './systemd-show.ts';
import type { WarnOfFile } from './textfile.ts';
import type { AskTimex } from './timex-call.ts';

export interface CollectorOptions {
  readonly roots: Roots;
  /** As `process.platform` has it. */
  readonly platform: string;
  /** What was chosen on the command line or in the file, by name; others have their defaults. */
  readonly enabled: ReadonlyMap<string, boolean>;
  /** What collectors' own options were set to; others have their defaults. */
  readonly settings?: CollectorSettings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In ms; `performance.now` unless given. */
  readonly monotonic?: () => number;
  /** In place of the system's, in tests. */
  readonly statfs?: Statfs;
  /** In place of `/run/udev/data` beneath the root, in tests. */
  readonly udevData?: string;
  /** In place of the system's, in tests. */
  readonly systemctl?: RunSystemctl;
  /** In place of the usual sockets of Docker and Podman, in tests. */
  readonly containerSockets?: readonly string[];
  /** What systems other than Linux are asked; in place of the system's own in tests. */
  readonly sources?: SystemSources;
  /** In place of a child that is started, in tests. */
  readonly askInventory?: AskChild;
  /** True for a single tick: what is slow is waited for. */
  readonly once?: boolean;
  /** In place of the system's, in tests. */
  readonly timex?: AskTimex;
  /** For reads in the background; one of their own unless given. */
  readonly lane?: Lane;
  /** Told of textfiles that are not served. */
  readonly warnOfFile?: WarnOfFile;
}

/** What the command line offers as `--collector.NAME` and `--no-collector.NAME`. */
export interface CollectorInfo {
  readonly name: string;
  readonly enabledByDefault: boolean;
  /** One line for `--help`. */
  readonly help: string;
  /** Its own options, by what stands behind `--collector.NAME.`. */
  readonly options: OptionSpecs;
}

export interface CollectorEntry extends CollectorInfo {
  /** Where `create` makes it. */
  readonly runsOn: (platform: string) => boolean;
  /** Where other-systems/create.ts makes it: the same name, switches and options, told in another way. */
  readonly elsewhere: (platform: string) => boolean;
  readonly create: (options: CollectorOptions) => Collector;
  /** It reads through sysfs.ts, whose slow attributes are to be read in the background. */
  readonly readsAttributes: boolean;
}

interface EntryExtras<S extends OptionSpecs> {
  /** Its own options, whose values `create` gets: see collector-options.ts. */
  readonly options?: S;
  /** True unless node_exporter has it off by default too. */
  readonly enabledByDefault?: boolean;
  /** Linux alone, unless given. */
  readonly runsOn?: (platform: string) => boolean;
  /** Nowhere, unless given. */
  readonly elsewhere?: (platform: string) => boolean;
  /** See CollectorEntry. */
  readonly readsAttributes?: boolean;
}

/** As in node_exporter: costly, or of use to few. */
export const OFF = { enabledByDefault: false } as const;

/** See CollectorEntry. */
export const ATTRIBUTES = { readsAttributes: true } as const;

/** One line of the list: see list.ts. */
export function entry<S extends OptionSpecs = Readonly<Record<never, OptionSpec<unknown>>>>(
  name: string,
  help: string,
  create: (options: CollectorOptions, values: OptionValues<S>) => Collector,
  extras: EntryExtras<S> = {},
): CollectorEntry {
  const {
    options: specs = {} as S,
    enabledByDefault = true,
    runsOn = isLinux,
    elsewhere = () => false,
    readsAttributes = false,
  } = extras;
  return {
    name,
    enabledByDefault,
    help,
    options: specs,
    runsOn,
    elsewhere,
    readsAttributes,
    create: (options) => create(options, settingsOf(name, specs, options.settings ?? {})),
  };
}
