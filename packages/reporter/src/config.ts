/** The reporter's options: one table for flags, environment, the keys of the file and `--help`. */
import { hostname } from 'node:os';
import type { FileRules } from '@tributary/program/load-config';
import { autoReloadOption } from '@tributary/program/reload-option';
import { type ConfigFile, refuseTogether } from '@tributary/shared/config-file';
import { LABEL_VALUE_CHARS_MAX } from '@tributary/shared/limits';
import { parseHostPort } from '@tributary/shared/loopback';
import { isHostName, isTargetLabelName } from '@tributary/shared/names';
import {
  choiceOption,
  durationOption,
  mapOption,
  numberOption,
  OptionError,
  type OptionOrigin,
  type OptionSpec,
  type OptionSpecs,
  type OptionValues,
  parseOptions,
  pathOption,
  resolveOptions,
  sizeOption,
  switchOption,
  textOption,
} from '@tributary/shared/options';
import { formatDuration } from '@tributary/shared/units';
import { APPLICATION_SPECS } from './applications/options.ts';
import type { CollectorSettings } from './collectors/collector-options.ts';
import { COLLECTORS, collectorConflicts } from './collectors/list.ts';
import { GATEWAY_SPECS, gatewayMistakes, plainTextMistakes } from './link/gateway-options.ts';
import { LOG_FORMATS, LOG_LEVELS } from './log.ts';
import { AUTO_INTERVALS_MS, type IntervalSetting } from './sampler/pace.ts';
import { targetMistakes } from './targets/check-targets.ts';
import type { TargetOptions } from './targets/target-options.ts';
import { TARGETS_SECTION } from './targets-section.ts';

export const ENV_PREFIX = 'TRIBUTARY_REPORTER_';

/** For messages: there is no default. */
export const WEB_PORT = 9751;

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;

const SPECS = {
  'config.file': pathOption({
    help: 'YAML or JSON file with any of these options; flags and the environment go before it.',
    default: '',
  }),
  'config.auto-reload-interval': autoReloadOption(),
  ...GATEWAY_SPECS,
  host: textOption({
    help: "Name of this host; the system's host name unless set.",
    placeholder: 'NAME',
    default: '',
    check: checkHost,
  }),
  interval: intervalOption(),
  label: mapOption({
    help: 'Label for every series of this host; may be given several times (the variable takes them separated by commas).',
    checkKey: (key) => {
      if (isTargetLabelName(key) && key !== 'job' && key !== 'instance') return;
      throw new OptionError(
        `${JSON.stringify(key)} cannot be a label; use [a-zA-Z_][a-zA-Z0-9_]*, not __*, host, instance, job, le or quantile`,
      );
    },
    checkValue: (value, key) => {
      if (value.length <= LABEL_VALUE_CHARS_MAX && value.isWellFormed()) return;
      throw new OptionError(
        `the value of ${key} must be text of at most ${LABEL_VALUE_CHARS_MAX} characters`,
      );
    },
  }),
  'spool.path': pathOption({
    help: 'Folder for samples that wait for the gateway.',
    placeholder: 'DIR',
    default: './data/reporter',
  }),
  'spool.retention.time': durationOption({
    help: 'How long samples are kept for the gateway.',
    defaultMs: 24 * HOUR_MS,
    minMs: 1000,
  }),
  'spool.retention.size': sizeOption({
    help: 'How much disk samples may take up.',
    defaultBytes: 256 * MIB,
    minBytes: MIB,
  }),
  'spool.keep-acked': durationOption({
    help: 'How long samples are kept after they reached every scraper.',
    defaultMs: HOUR_MS,
  }),
  ...APPLICATION_SPECS,
  'web.listen-address': textOption({
    help: "HOST:PORT where the reporter itself can be asked for health and /metrics; '' is off.",
    placeholder: 'HOST:PORT',
    default: '',
    check: (text) => {
      if (text !== '') parseHostPort(text, WEB_PORT);
      return text;
    },
  }),
  'web.enable-profiles': switchOption({
    help: 'Give programs of this host profiles of the reporter. A heap snapshot holds its token and passwords: every user of the host can take one then.',
    default: false,
  }),
  'limits.cpu-percent': numberOption({
    help: 'How much of one core the reporter may take, on average over half a minute; above it everything comes less often. 0 for no limit.',
    default: 50,
    min: 0,
    max: 1000,
  }),
  'limits.memory': sizeOption({
    help: 'How much memory the reporter may take; above it everything comes less often. 0 for no limit.',
    defaultBytes: 256 * MIB,
  }),
  'path.procfs': pathOption({ help: 'Mount point of procfs.', placeholder: 'DIR', default: '/proc' }),
  'path.sysfs': pathOption({ help: 'Mount point of sysfs.', placeholder: 'DIR', default: '/sys' }),
  'path.rootfs': pathOption({
    help: 'Mount point of the root filesystem.',
    placeholder: 'DIR',
    default: '/',
  }),
  'log.level': choiceOption({ help: 'Least severe messages to log.', choices: LOG_LEVELS, default: 'info' }),
  'log.format': choiceOption({
    help: 'Form of log lines; auto is pretty on a terminal, json elsewhere.',
    choices: LOG_FORMATS,
    default: 'auto',
  }),
};

/** Collectors that the sampler paces; others have an `interval` among their own options, and pace themselves. */
const PACED = COLLECTORS.filter(({ options }) => !Object.hasOwn(options, 'interval'));

/** By flag: `collector.cpu.interval`. */
const COLLECTOR_INTERVAL_SPECS: Readonly<Record<string, OptionSpec<number>>> = Object.fromEntries(
  PACED.map(({ name }) => [
    `collector.${name}.interval`,
    durationOption({
      help: 'How often it runs, where that is not every time the host is sampled.',
      defaultMs: 0,
    }),
  ]),
);

/** By flag: `collector.vmstat.fields`. */
const COLLECTOR_SETTING_SPECS: OptionSpecs = Object.fromEntries(
  COLLECTORS.flatMap(({ name, options }) =>
    Object.entries(options).map(([option, spec]) => [`collector.${name}.${option}`, spec]),
  ),
);

/** Every option, the collectors' switches and then their own options last. */
export const OPTION_SPECS: typeof SPECS & Readonly<Record<`collector.${string}`, OptionSpec<unknown>>> = {
  ...SPECS,
  ...Object.fromEntries(
    COLLECTORS.map(({ name, help, enabledByDefault }) => [
      `collector.${name}`,
      switchOption({ help, default: enabledByDefault }),
    ]),
  ),
  ...COLLECTOR_INTERVAL_SPECS,
  ...COLLECTOR_SETTING_SPECS,
};

export type ReporterOptions = OptionValues<typeof SPECS> & {
  /** By collector's name. */
  readonly collectors: ReadonlyMap<string, boolean>;
  readonly collectorSettings: CollectorSettings;
  /** In ms, by the names of those collectors that do not run at every tick. */
  readonly collectorIntervals: ReadonlyMap<string, number>;
  /** What the file says of exporters to forward; checked. */
  readonly targets: readonly TargetOptions[];
};

/** What the file has beside the options. */
export const FILE_SECTIONS = { targets: TARGETS_SECTION };

export const FILE_RULES: FileRules<typeof FILE_SECTIONS> = { specs: OPTION_SPECS, sections: FILE_SECTIONS };

export type ReporterFile = ConfigFile<typeof FILE_SECTIONS>;

/** What stands for several options, and is not one itself. */
const INNER: ReadonlySet<string> = new Set<keyof ReporterOptions>([
  'collectors',
  'collectorSettings',
  'collectorIntervals',
]);

/** For people a change is that of the options that it stands for. */
export function isInner(name: string): boolean {
  return INNER.has(name);
}

/** Besides the collectors: what a reload can change. The way to the gateway, who the host is and where things lie are not. */
const LIVE: ReadonlySet<string> = new Set<keyof ReporterOptions>([
  ...(['collectors', 'collectorSettings', 'collectorIntervals', 'targets'] as const),
  ...(['interval', 'label', 'log.level'] as const),
  ...(['spool.retention.time', 'spool.retention.size', 'spool.keep-acked'] as const),
  ...(['limits.cpu-percent', 'limits.memory'] as const),
  ...(['push.listen-address', 'push.expire-after'] as const),
  ...(['statsd.listen-udp', 'statsd.histogram-buckets', 'statsd.expire-after'] as const),
]);

/** Whether an option can change while the reporter runs. */
export function isLive(name: string): boolean {
  return LIVE.has(name) || name.startsWith('collector.');
}

type Origins = ReadonlyMap<string, OptionOrigin>;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws OptionError; ConfigFileError when options of the file do not go together with others. */
export function readOptions(
  argv: readonly string[],
  env: Environment,
  file: ReporterFile | null = null,
): ReporterOptions {
  const { options } = readWithOrigins(argv, env, file);
  return options.host === '' ? { ...options, host: ownName() } : options;
}

/** Where each value came from. @throws as `readOptions` */
export function readOrigins(argv: readonly string[], env: Environment, file: ReporterFile | null): Origins {
  const { options, origins } = readWithOrigins(argv, env, file);
  if (options.host !== '') return origins;
  return new Map([...origins, ['host', { from: 'default', texts: [ownName()] }]]);
}

function readWithOrigins(argv: readonly string[], env: Environment, file: ReporterFile | null) {
  const { options, origins } = readWithoutHost(argv, env, file);
  // Not of a file by itself: the URL may come from elsewhere.
  refuseTogether(plainTextMistakes(options), { origins, file, specs: OPTION_SPECS });
  return { options, origins };
}

function ownName(): string {
  const name = hostname();
  if (isHostName(name)) return name;
  throw new OptionError(
    `the name of this host, ${JSON.stringify(name)}, cannot be used; give one with --host`,
  );
}

/**
 * What is wrong with a file by itself, on whatever host it is to be used.
 * @throws ConfigFileError
 */
export function checkFile(file: ReporterFile): void {
  readWithoutHost([], {}, file);
}

/** The file that flag or environment name; '' for none. @throws OptionError */
export function findFile(argv: readonly string[], env: Environment): string {
  return parseOptions(OPTION_SPECS, { argv, env, envPrefix: ENV_PREFIX })['config.file'];
}

function readWithoutHost(
  argv: readonly string[],
  env: Environment,
  file: ReporterFile | null,
): { options: ReporterOptions; origins: Origins } {
  const { values, origins } = resolveOptions(OPTION_SPECS, {
    argv,
    env,
    envPrefix: ENV_PREFIX,
    ...(file === null ? {} : { file: file.options }),
  });
  const collectors = new Map(COLLECTORS.map(({ name }) => [name, values[`collector.${name}`] === true]));
  const collectorSettings = Object.fromEntries(
    Object.keys(COLLECTOR_SETTING_SPECS).map((name) => [name, values[name as `collector.${string}`]]),
  );
  const collectorIntervals = new Map(
    PACED.map(({ name }) => [name, Number(values[`collector.${name}.interval`])] as const).filter(
      ([, intervalMs]) => intervalMs > 0,
    ),
  );
  const targets = file?.sections.targets ?? [];
  const mistakes = [
    ...gatewayMistakes(values),
    ...collectorConflicts(collectorSettings),
    ...targetMistakes(targets, values),
  ];
  refuseTogether(mistakes, { origins, file, specs: OPTION_SPECS });
  return { options: { ...values, collectors, collectorSettings, collectorIntervals, targets }, origins };
}

/** A duration, or `auto`: see sampler/pace.ts. */
function intervalOption(): OptionSpec<IntervalSetting> {
  const [quickest, slowest] = [AUTO_INTERVALS_MS[0], AUTO_INTERVALS_MS.at(-1) ?? 0].map(formatDuration);
  const fixed = durationOption({
    help: `How often to sample; auto is ${quickest}, and up to ${slowest} while the host is short of CPU.`,
    defaultMs: 10_000,
    minMs: 100,
  });
  const parse: OptionSpec<IntervalSetting>['parse'] = (texts) =>
    texts[0] === 'auto' ? 'auto' : fixed.parse(texts);
  return { ...fixed, form: { kind: 'duration', or: 'auto' }, parse };
}

function checkHost(text: string): string {
  if (isHostName(text)) return text;
  throw new OptionError(
    `${JSON.stringify(text)} is not a host name (1 to 253 letters, digits, '.', '-', '_')`,
  );
}
