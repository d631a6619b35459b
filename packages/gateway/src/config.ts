/** The gateway's options: one table for flags, environment and `--help`. */
import {
  choiceOption,
  durationOption,
  numberOption,
  OptionError,
  type OptionValues,
  parseOptions,
  pathOption,
  sizeOption,
  textOption,
} from '@tributary/shared/options';
import { parseListenAddress } from './http/listen-address.ts';
import { LOG_FORMATS, LOG_LEVELS } from './telemetry/log.ts';

export const ENV_PREFIX = 'TRIBUTARY_GATEWAY_';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1024 * 1024;

export const OPTION_SPECS = {
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
  'storage.path': textOption({
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
  'log.level': choiceOption({ help: 'Least severe messages to log.', choices: LOG_LEVELS, default: 'info' }),
  'log.format': choiceOption({
    help: 'Form of log lines; auto is pretty on a terminal, json elsewhere.',
    choices: LOG_FORMATS,
    default: 'auto',
  }),
};

function checkExternalUrl(text: string): string {
  const url = URL.parse(text);
  if (text === '' || url?.protocol === 'http:' || url?.protocol === 'https:') return text;
  throw new OptionError(`${JSON.stringify(text)} is not an http:// or https:// URL`);
}

export type GatewayOptions = OptionValues<typeof OPTION_SPECS>;

/** @throws OptionError */
export function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): GatewayOptions {
  const options = parseOptions(OPTION_SPECS, { argv, env, envPrefix: ENV_PREFIX });
  if (options['web.admin-users'] !== '' && options['web.config.file'] === '') {
    throw new OptionError(
      '--web.admin-users names users of --web.config.file, and there is none; give the file, or make a token with "tributary-gateway token create --admin NAME"',
    );
  }
  return options;
}
