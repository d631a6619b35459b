/** The gateway's options: one table for flags, environment, the keys of the file and `--help`. */
import type { FileRules } from '@tributary/program/load-config';
import { autoReloadOption } from '@tributary/program/reload-option';
import { type ConfigFile, refuseTogether } from '@tributary/shared/config-file';
import { optionText } from '@tributary/shared/option-text';
import {
  choiceOption,
  durationOption,
  numberOption,
  OptionError,
  type OptionSpecs,
  type OptionValues,
  parseOptions,
  pathOption,
  type ResolvedOptions,
  resolveOptions,
  sizeOption,
  textOption,
} from '@tributary/shared/options';
import { mayHoldCredentials } from '@tributary/shared/redact';
import { parseListenAddress } from './http/listen-address.ts';
import { LOG_FORMATS, LOG_LEVELS } from './telemetry/log.ts';

export const ENV_PREFIX = 'TRIBUTARY_GATEWAY_';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1024 * 1024;

export const OPTION_SPECS = {
  'config.file': pathOption({
    help: 'YAML or JSON file with any of these options; flags and the environment go before it.',
    default: '',
  }),
  'config.auto-reload-interval': autoReloadOption(),
  'web.listen-address': textOption({
    help: 'Address to listen on, for scrapes and reporters alike.',
    placeholder: 'HOST:PORT',
    default: '127.0.0.1:9750',
    check: (text) => {
      parseListenAddress(text);
      return text;
    },
  }),
  'web.admin-users': textOption({
    help: 'Users of --web.config.file who may change things, too; names separated by commas. Others of them may scrape.',
    placeholder: 'NAMES',
    default: '',
  }),
  'web.external-url': textOption({
    help: 'URL that scrapers reach the gateway at; its scheme, address and path stand in /sd. The address that was asked for unless set.',
    placeholder: 'URL',
    default: '',
    check: checkExternalUrl,
  }),
  'web.config.file': pathOption({
    help: "File of TLS, users and headers, in Prometheus's own format; see docs/TLS.md. Read again when it changes.",
    default: '',
  }),
  'web.max-connections': numberOption({
    help: 'Connections that may be open at a time, those of reporters and of scrapers together.',
    default: 20_000,
    min: 16,
  }),
  'storage.path': pathOption({
    help: 'Folder of the ledger.',
    placeholder: 'DIR',
    default: './data/gateway',
  }),
  'storage.retention.time': durationOption({
    help: 'How long samples are kept.',
    defaultMs: 24 * HOUR_MS,
    minMs: MINUTE_MS,
  }),
  'storage.retention.size': sizeOption({
    help: 'How much disk samples may take up; the oldest go first.',
    defaultBytes: 2048 * MIB,
    minBytes: MIB,
  }),
  'replay.window': durationOption({
    help: 'How old a sample may be to be served to a scraper; Prometheus with stock settings refuses what is older than an hour.',
    defaultMs: 50 * MINUTE_MS,
    minMs: 1000,
  }),
  'replay.max-points': numberOption({
    help: 'Points older than two scrape intervals that one scrape may bring.',
    default: 1_000_000,
    min: 1,
  }),
  'replay.order': choiceOption({
    help: 'What a host that is behind sends first; live-first needs an out-of-order window in Prometheus.',
    choices: ['in-order', 'live-first'],
    default: 'in-order',
  }),
  'replay.overlap': durationOption({
    help: 'What was served within this is served again on a new connection, since Prometheus may have lost it with its power.',
    defaultMs: MINUTE_MS,
  }),
  'fleet.stale-after': durationOption({
    help: 'A host or a series without a newer sample is no longer shown.',
    defaultMs: 5 * MINUTE_MS,
    minMs: 1000,
  }),
  'fleet.forget-after': durationOption({
    help: 'A host that was not seen for so long is forgotten.',
    defaultMs: 7 * DAY_MS,
    minMs: MINUTE_MS,
  }),
  'limits.hosts': numberOption({
    help: 'Hosts that the gateway knows at a time. One more is sent away until another is forgotten.',
    default: 20_000,
    min: 1,
  }),
  'limits.samples-per-second': numberOption({
    help: 'Samples that one host may send, on average; it may save up 50 s of them. Over it a host is slowed, and loses nothing.',
    default: 200_000,
    min: 1,
  }),
  'limits.new-series-per-minute': numberOption({
    help: 'Series that one host may bring which no host has, on average; it may save up 2m of them. Over it a host is slowed.',
    default: 60_000,
    min: 1,
  }),
  'limits.cpu-percent': numberOption({
    help: 'How much of the time the event loop may be busy, which is one core; above it hosts are asked to report less often. 0 for no limit.',
    default: 90,
    min: 0,
    max: 100,
  }),
  'limits.memory': sizeOption({
    help: "How much memory the gateway may take; above it hosts are asked to report less often. 0 for four fifths of the machine's, or its control group's.",
    defaultBytes: 0,
  }),
  'log.level': choiceOption({ help: 'Least severe messages to log.', choices: LOG_LEVELS, default: 'info' }),
  'log.format': choiceOption({
    help: 'Form of log lines; auto is pretty on a terminal, json elsewhere.',
    choices: LOG_FORMATS,
    default: 'auto',
  }),
};

function checkExternalUrl(text: string): string {
  const url = URL.parse(text);
  if (text === '') return text;
  // It stands in /sd, for whoever scrapes.
  if (mayHoldCredentials(text, url)) throw new OptionError('it cannot have a name or a password in it');
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text;
  throw new OptionError(`${JSON.stringify(text)} is not an http:// or https:// URL`);
}

export type GatewayOptions = OptionValues<typeof OPTION_SPECS>;

/** What a reload cannot change. */
const FIXED: ReadonlySet<string> = new Set<keyof GatewayOptions>([
  'config.file',
  'config.auto-reload-interval',
  'web.listen-address',
  'web.config.file',
  'web.max-connections',
  'storage.path',
  // Cursors that are under way reckon with it.
  'replay.overlap',
  'log.format',
]);

/** Whether an option can change while the gateway runs. */
export function isLive(name: string): boolean {
  return !FIXED.has(name);
}

/** Each as a user would write it, by flag. */
export function textsOf(options: GatewayOptions): Readonly<Record<string, string>> {
  const specs: OptionSpecs = OPTION_SPECS;
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      optionText(spec, options[name as keyof GatewayOptions]),
    ]),
  );
}

/** The file has the options alone. */
export const FILE_RULES: FileRules<Record<never, never>> = { specs: OPTION_SPECS, sections: {} };

export type GatewayFile = ConfigFile<Record<never, never>>;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws OptionError; ConfigFileError when options of the file do not go together with others. */
export function readOptions(
  argv: readonly string[],
  env: Environment,
  file: GatewayFile | null = null,
): GatewayOptions {
  return readResolved(argv, env, file).values;
}

/** As `readOptions`, and tells where each value came from. */
export function readResolved(
  argv: readonly string[],
  env: Environment,
  file: GatewayFile | null,
): ResolvedOptions<typeof OPTION_SPECS> {
  const resolved = resolveOptions(OPTION_SPECS, {
    argv,
    env,
    envPrefix: ENV_PREFIX,
    ...(file === null ? {} : { file: file.options }),
  });
  const { values, origins } = resolved;
  refuseTogether(mistakes(values), { origins, file, specs: OPTION_SPECS });
  return resolved;
}

/**
 * What is wrong with a file by itself.
 * @throws ConfigFileError
 */
export function checkFile(file: GatewayFile): GatewayOptions {
  return readResolved([], {}, file).values;
}

/** The file that flag or environment name; '' for none. @throws OptionError */
export function findFile(argv: readonly string[], env: Environment): string {
  return parseOptions(OPTION_SPECS, { argv, env, envPrefix: ENV_PREFIX })['config.file'];
}

function mistakes(values: GatewayOptions): OptionError[] {
  if (values['web.admin-users'] === '' || values['web.config.file'] !== '') return [];
  return [
    new OptionError(
      '--web.admin-users names users of --web.config.file, and there is none; give the file, or make a token with "tributary-gateway token create --admin NAME"',
      ['web.admin-users'],
    ),
  ];
}
