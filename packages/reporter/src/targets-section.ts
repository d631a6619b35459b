/**
 * `targets:` of the reporter's file, by Prometheus's names of `scrape_configs` where it has one: what may stand there, and of
 * which type. Whether it goes together is the matter of targets/check-targets.ts.
 */
import { type ConfigSchema, listOf, objectOf, value } from '@tributary/shared/config-schema';
import {
  choiceOption,
  durationOption,
  mapOption,
  numberOption,
  type OptionSpec,
  pathOption,
  sizeOption,
  switchOption,
  textOption,
  textsOption,
} from '@tributary/shared/options';
import { FALLBACK_FORMATS, type FallbackProtocol, TARGET_DEFAULTS } from './targets/target-options.ts';
import { TLS_VERSIONS, type TlsVersion } from './tls/tls-options.ts';

const JOBS_MAX = 256;

const text = (help: string, otherwise = '') => value(textOption({ help, default: otherwise }));
const texts = (help: string) => value(textsOption({ help }));
const secret = (help: string) => value({ ...textOption({ help, default: '' }), isSecret: true });
const path = (help: string) => value(pathOption({ help, default: '' }));
const toggle = (help: string, otherwise: boolean) => value(switchOption({ help, default: otherwise }));

/** Texts by name, in the form that JSON has. */
function record(help: string, isSecret = false) {
  const spec = { ...mapOption({ help, checkKey: () => {} }), isSecret };
  const parse = (given: readonly string[]) => Object.fromEntries(spec.parse(given));
  return value<Readonly<Record<string, string>>>({ ...spec, defaultValue: {}, parse });
}

/** Words that are keys of a table, in its order. */
function choice<T extends string>(help: string, table: Readonly<Record<T, unknown>>, otherwise: T) {
  const spec: OptionSpec<T> = choiceOption({ help, choices: Object.keys(table) as T[], default: otherwise });
  return value(spec);
}

const TLS = {
  ca_file: path('Authorities to trust, PEM.'),
  cert_file: path("The reporter's own certificate, PEM."),
  key_file: path('The key of that certificate, PEM.'),
  server_name: text("The name that the target's certificate has to have."),
  insecure_skip_verify: toggle('Trust any certificate.', false),
  min_version: choice<TlsVersion>('Least version of TLS.', TLS_VERSIONS, TARGET_DEFAULTS.minVersion),
};

const TARGET = {
  job: text('The label job of its series.'),
  urls: texts('Where to scrape, http:// or https://; each is a target. Without a path, /metrics.'),
  interval: value(
    durationOption({ help: "How often; the reporter's interval unless given.", defaultMs: 10_000 }),
  ),
  timeout: value(
    durationOption({ help: 'How long an answer may take.', defaultMs: TARGET_DEFAULTS.timeout }),
  ),
  labels: record("Labels of every series; job and instance take the place of the target's."),
  honor_labels: toggle("The series' own labels go before the target's.", TARGET_DEFAULTS.honorLabels),
  honor_timestamps: toggle("The series' own timestamps are kept.", TARGET_DEFAULTS.honorTimestamps),
  basic_auth: objectOf(
    {
      username: text('Name.'),
      password: secret('Password.'),
      password_file: path('File with the password.'),
    },
    { required: ['username'], oneOf: [['password', 'password_file']] },
  ),
  authorization: objectOf(
    {
      type: text('Type of the credentials.', TARGET_DEFAULTS.authorizationType),
      credentials: secret('The credentials.'),
      credentials_file: path('File with the credentials.'),
    },
    { oneOf: [['credentials', 'credentials_file']] },
  ),
  bearer_token_file: path('File with the credentials for `authorization` of type Bearer.'),
  tls_config: objectOf(TLS),
  headers: record('More headers of the request.', true),
  follow_redirects: toggle('Follow redirects.', TARGET_DEFAULTS.followRedirects),
  enable_compression: toggle('Ask for a compressed answer.', TARGET_DEFAULTS.enableCompression),
  sample_limit: value(
    numberOption({
      help: 'How many samples it may have after keep and drop.',
      default: TARGET_DEFAULTS.sampleLimit,
      min: 0,
    }),
  ),
  body_size_limit: value(
    sizeOption({ help: 'How large an answer may be.', defaultBytes: TARGET_DEFAULTS.bodySizeLimit }),
  ),
  keep: texts('Regular expressions of whole sample names to keep; all unless given.'),
  drop: texts('Regular expressions of whole sample names to leave out.'),
  fallback_scrape_protocol: choice<FallbackProtocol>(
    'Format of an answer that does not name one.',
    FALLBACK_FORMATS,
    TARGET_DEFAULTS.fallbackScrapeProtocol,
  ),
} satisfies Readonly<Record<string, ConfigSchema>>;

export const TARGETS_SECTION = listOf(
  objectOf(TARGET, {
    required: ['job', 'urls'],
    oneOf: [['basic_auth', 'authorization', 'bearer_token_file']],
  }),
  JOBS_MAX,
);
