/** Facts of a gateway and a Prometheus with which nothing is wrong, for tests that spoil one thing. */
import type { Facts } from './checks/facts.ts';
import type { Code, Finding } from './finding.ts';
import type { ClientFacts, GatewayFacts, HostFacts, ScraperFacts } from './gateway-facts.ts';
import { jobsOf } from './jobs.ts';
import { readPrometheusConfig } from './prometheus-config.ts';
import type { PrometheusFacts, TargetFacts } from './prometheus-facts.ts';
import type { Recent } from './recent.ts';
import { readSamples } from './samples.ts';

export const NOW = 1_795_000_000_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export function hostOf(over: Partial<HostFacts> = {}): HostFacts {
  return {
    host: 'web-1',
    up: true,
    connected: true,
    address: '10.0.0.1:4711',
    lastSampleAt: NOW - 5000,
    series: 500,
    clockSkewMs: 20,
    limits: [],
    refused: null,
    returned: null,
    ...over,
  };
}

export function clientOf(over: Partial<ClientFacts> = {}): ClientFacts {
  return {
    address: '10.0.0.9',
    agent: 'Prometheus/3.5.3',
    format: 'openmetrics',
    severalPoints: true,
    proxied: false,
    scrapes: 100,
    firstAt: NOW - HOUR_MS,
    lastAt: NOW - 5000,
    ...over,
  };
}

export function scraperOf(over: Partial<ScraperFacts> = {}): ScraperFacts {
  return {
    scraper: 'prometheus',
    selection: '',
    createdAt: NOW - 24 * HOUR_MS,
    seenAt: NOW - 5000,
    lagMs: 30_000,
    pendingSamples: 1000,
    servedSamples: 1000,
    intervalMs: 15_000,
    expired: new Map([['window', 0]]),
    clients: [clientOf()],
    sharedBy: null,
    ...over,
  };
}

const FLAGS = {
  'replay.window': '50m',
  'replay.max-points': '1000000',
  'replay.order': 'in-order',
  'storage.retention.time': '24h',
  'storage.retention.size': '2GB',
  'limits.hosts': '20000',
  'web.max-connections': '20000',
  'web.listen-address': '127.0.0.1:9750',
  'web.external-url': '',
};

const OWN = `
tributary_gateway_build_info{version="1.2.3"} 1
tributary_gateway_credentials_readable 1
tributary_ledger_healthy 1
tributary_ledger_commit_failures_total 0
tributary_config_last_reload_successful 1
tributary_gateway_rejects_total{code="FUTURE"} 0
`;

/** @param flags those that are not as they are by default @param own lines of the exposition, in place of the same series */
export function gatewayOf(
  over: Partial<GatewayFacts> = {},
  flags: Readonly<Record<string, string>> = {},
  own = '',
): GatewayFacts {
  return {
    url: new URL('http://127.0.0.1:9750'),
    now: NOW,
    clockOffsetMs: 0,
    isKnown: true,
    version: '1.2.3',
    startedAt: NOW - 24 * HOUR_MS,
    ready: true,
    notReady: '',
    ledgerBytes: 1e6,
    ledgerLimitBytes: 2 ** 31,
    diskFreeBytes: 1e12,
    restartPending: [],
    flags: new Map(Object.entries({ ...FLAGS, ...flags })),
    hosts: [hostOf()],
    scrapers: [scraperOf()],
    own: new Map([...readSamples(OWN), ...readSamples(own)]),
    strange: [],
    ...over,
  };
}

export function targetOf(over: Partial<TargetFacts> & { readonly query?: string } = {}): TargetFacts {
  const { query = 'scraper=prometheus', ...rest } = over;
  return {
    job: 'tributary',
    url: new URL(`http://127.0.0.1:9750/metrics?${query}`),
    health: 'up',
    lastError: '',
    lastScrapeSeconds: 0.1,
    instance: '127.0.0.1:9750',
    ...rest,
  };
}

const JOB = {
  honor_labels: 'true',
  honor_timestamps: 'true',
  scrape_interval: '15s',
  scrape_timeout: '10s',
  scrape_protocols: '[OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText0.0.4]',
};

/** @param job lines of its YAML, in place of the same @param before lines before all of it */
export function configOf(job = '', before = '') {
  const usual = Object.entries(JOB).filter(([key]) => !job.includes(`${key}:`));
  const lines = usual.map(([key, value]) => `  ${key}: ${value}`);
  const config = readPrometheusConfig(
    [before, 'scrape_configs:', '- job_name: tributary', ...lines, job].join('\n'),
  );
  if (config === null) throw new Error('the test has no valid YAML');
  return config;
}

export function prometheusOf(over: Partial<PrometheusFacts> = {}): PrometheusFacts {
  return {
    url: new URL('http://127.0.0.1:9090'),
    clockOffsetMs: 500,
    version: '3.5.3',
    flags: new Map([
      ['storage.tsdb.min-block-duration', '2h'],
      ['storage.tsdb.retention.time', '15d'],
      ['enable-feature', ''],
    ]),
    startedAt: NOW - 24 * HOUR_MS,
    reloadedAt: NOW - 24 * HOUR_MS,
    reloadSuccessful: true,
    config: configOf(),
    targets: [targetOf()],
    recent: null,
    proxies: new Map(),
    silent: [],
    ...over,
  };
}

export function recentOf(over: Partial<Recent> = {}): Recent {
  return {
    gateways: new Set(['127.0.0.1:9750']),
    lost: [],
    rejected: [],
    backwards: [],
    expired: [],
    refused: [],
    trimmed: [],
    strained: [],
    lagSlopes: [],
    relabeledAway: [],
    ...over,
  };
}

export function factsOf(gateway = gatewayOf(), prometheus: PrometheusFacts | null = prometheusOf()): Facts {
  return { gateway, prometheus, jobs: prometheus === null ? [] : jobsOf(prometheus) };
}

/** Codes, each with its severity unless it is an error. */
export function codesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ code, severity }) => (severity === 'error' ? code : `${code} (${severity})`));
}

/** All of what a finding says, in one text. */
export function saidBy(findings: readonly Finding[], code: Code): string {
  const found = findings.filter((finding) => finding.code === code);
  return found
    .map(({ what, means, change }) => [what, means, change.where, ...change.lines].join('\n'))
    .join('\n\n');
}
