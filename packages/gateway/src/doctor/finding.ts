/**
 * What the doctor can find: a table of codes, which docs/DOCTOR.md explains, and what one finding says. The texts are made where
 * something is found; a code never changes its meaning, since programs read them.
 */

/** `error`: samples are lost or wrong now. `warning`: they will be, or something does not work. `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** Each with what it is at its worst. */
export const CODES = {
  // The gateway.
  NOT_READY: 'error',
  LEDGER_CANNOT_COMMIT: 'error',
  CREDENTIALS_UNREADABLE: 'error',
  GATEWAY_CLOCK_WRONG: 'error',
  GATEWAY_CLOCK_DIFFERS: 'warning',
  GATEWAY_ANSWER_STRANGE: 'warning',
  RELOAD_FAILED: 'warning',
  RESTART_PENDING: 'warning',
  CERTIFICATE_ENDS: 'error',
  NO_CREDENTIALS: 'error',
  PLAIN_HTTP: 'warning',
  DISK_NEARLY_FULL: 'error',
  LEDGER_NEARLY_FULL: 'warning',
  LEDGER_TRIMMED_FOR_SIZE: 'warning',
  COMMITS_FAILED: 'note',
  WINDOW_LONGER_THAN_RETENTION: 'warning',
  LIMITS_REACHED: 'note',
  REQUESTS_REFUSED: 'note',
  FAMILIES_DISAGREE: 'note',
  GATEWAY_SLOWS_HOSTS: 'warning',
  // Hosts.
  NO_HOSTS: 'warning',
  HOSTS_DOWN: 'warning',
  HOSTS_SHARE_IDENTITY: 'error',
  HOST_CLOCKS_DIFFER: 'warning',
  HOSTS_REJECTED: 'warning',
  HOSTS_LIMITED: 'warning',
  HOSTS_NEAR_SERIES_LIMIT: 'warning',
  HOSTS_NEAR_LIMIT: 'warning',
  CONNECTIONS_NEAR_LIMIT: 'warning',
  SAMPLES_LOST: 'warning',
  SAMPLES_BACKWARDS: 'warning',
  REPORTERS_REFUSED: 'warning',
  // Scrapers, as the gateway sees them.
  NO_SCRAPER: 'error',
  SCRAPER_GONE: 'warning',
  SCRAPER_LAGS: 'error',
  SCRAPER_TAKES_ONE_POINT: 'error',
  SCRAPER_NAME_SHARED: 'error',
  SCRAPER_NAMES_NEAR_LIMIT: 'warning',
  SCRAPER_UNNAMED: 'note',
  SAMPLES_EXPIRED: 'warning',
  PROXY_NOTICED: 'note',
  // Prometheus.
  PROMETHEUS_UNREACHABLE: 'error',
  PROMETHEUS_REFUSES: 'error',
  PROMETHEUS_STRANGE: 'error',
  PROMETHEUS_PARTLY_SILENT: 'note',
  PROMETHEUS_VERSION: 'error',
  PROMETHEUS_RELOAD_FAILED: 'warning',
  PROMETHEUS_CLOCK_DIFFERS: 'error',
  PROMETHEUS_RETENTION_SHORT: 'warning',
  CREATED_SERIES_LOST: 'note',
  // Its scrape jobs.
  NO_SCRAPE_JOB: 'error',
  JOB_OPTIONS_UNKNOWN: 'note',
  TARGET_DOWN: 'error',
  NO_HONOR_LABELS: 'error',
  HONOR_TIMESTAMPS_OFF: 'error',
  STALENESS_TRACKED: 'error',
  NO_OPENMETRICS: 'error',
  RELABEL_LOSES_HOST: 'error',
  RELABEL_DROPS_SAMPLES: 'note',
  WINDOW_TOO_LONG: 'error',
  WINDOW_SHORTER_THAN_PROMETHEUS: 'note',
  LIVE_FIRST_WITHOUT_WINDOW: 'error',
  REPLAY_CUT: 'warning',
  SAMPLE_LIMIT: 'error',
  BODY_SIZE_LIMIT: 'error',
  LABEL_LIMIT: 'error',
  TARGET_LIMIT: 'error',
  SCRAPE_SLOW: 'warning',
  JOB_WITHOUT_NAME: 'warning',
  SCRAPER_NAME_TWICE: 'error',
  PROXY_UNTOLD: 'error',
} as const satisfies Record<string, Severity>;

export type Code = keyof typeof CODES;

/** What to do. */
export interface Change {
  /** The file, or who has to act: `prometheus.yml, job "tributary"`. */
  readonly where: string;
  /** What has to stand there, or the command. */
  readonly lines: readonly string[];
}

export interface Finding {
  readonly code: Code;
  readonly severity: Severity;
  /** One sentence with what was seen. */
  readonly what: string;
  /** What that does. */
  readonly means: string;
  readonly change: Change;
}

export interface FindingTexts {
  readonly what: string;
  readonly means: string;
  readonly change: Change;
  /** Where it is not the worst. */
  readonly severity?: Severity;
}

export function finding(code: Code, { severity = CODES[code], ...texts }: FindingTexts): Finding {
  return { code, severity, ...texts };
}

/** Lines of a shell. */
export function command(...lines: readonly string[]): Change {
  return { where: 'command', lines };
}

/** Forgets something at the gateway, which takes an administrator. @param isKnown it wants a credential */
export function removal({ origin }: URL, path: string, isKnown: boolean): string {
  const token = isKnown ? ' -H "Authorization: Bearer $(cat admin.token)"' : '';
  return `curl -X DELETE${token} '${origin}${path}'`;
}

/** What a person has to do that is no line of a file. @param where the machine or the program */
export function act(where: string, ...lines: readonly string[]): Change {
  return { where, lines };
}

/** An option of the gateway, as a line of its file and as a flag. */
export function gatewayOption(option: string, value: string, more: readonly string[] = []): Change {
  const keys = option.replaceAll('-', '_').split('.');
  const last = keys.pop() ?? '';
  const line = keys.reduceRight((inner, key) => `${key}: {${inner}}`, `${last}: ${value}`);
  return { where: `gateway.yml, or --${option} ${value}`, lines: [line, ...more] };
}

export function prometheusJob(job: string, ...lines: readonly string[]): Change {
  return { where: `prometheus.yml, job ${JSON.stringify(job)}`, lines };
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** The worst first; else in the order in which they were found. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
}

/** Whether nothing has to be done. */
export function isFine(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity === 'note');
}
