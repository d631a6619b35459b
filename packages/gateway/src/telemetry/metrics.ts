/**
 * The gateway's metrics of itself: one prom-client registry of our own (never the module's global one), read as data,
 * since the exposition writes all families of a scrape in one go.
 */
import { REFUSALS, REJECT_CODES } from '@tributary/shared/errors';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { REFUSAL_REASONS } from '../trust/refusal.ts';
import { createLimitMetrics, type LimitMetrics } from './limit-metrics.ts';
import type { OwnFamily, OwnSeries } from './own-family.ts';
import { type ReloadProbe, registerReloadMetrics } from './reload-metrics.ts';
import { registerWebMetrics, type WebProbe } from './web-metrics.ts';

export interface GatewayMetrics extends LimitMetrics {
  frame(kind: string, bytes: number): void;
  reject(code: string): void;
  refusal(code: string): void;
  commit(seconds: number): void;
  /** The medium refused a commit. */
  commitFailed(): void;
  /** Entries that the ledger removed, and why. */
  trimmed(reason: 'age' | 'size', entries: number): void;
  scrape(format: string, seconds: number): void;
  scrapeFailed(): void;
  httpRefused(reason: string): void;
  /** A connection by TLS that did not come about. */
  handshakeFailed(reason: string): void;
  /** Every family, read now. */
  families(): Promise<OwnFamily[]>;
}

/** What is asked for when metrics are read. */
export interface GatewayProbes {
  readonly connections: () => number;
  readonly shapes: () => number;
  readonly hosts: () => number;
  readonly medianSkewSeconds: () => number | null;
  readonly demotedFamilies: () => number;
  readonly ledger: () => {
    bytes: number;
    entries: number;
    oldestAt: number;
    pendingBytes: number;
    healthy: boolean;
  };
  /** How much disk the ledger's samples may take up. */
  readonly ledgerLimitBytes: () => number;
  readonly credentialsReadable: () => boolean;
  readonly reload: () => ReloadProbe;
  /** See straining.ts. */
  readonly strain: () => {
    readonly level: number;
    readonly paceMs: number;
    readonly memoryLimitBytes: number;
  };
  /** Null without a web configuration. */
  readonly web: WebProbe | null;
}

/** Of `tributary_gateway_http_refused_total`: who may not, and what may not. */
const HTTP_REFUSALS = [
  ...REFUSAL_REASONS,
  ...['rate_limit', 'request_bytes', 'pipelined', 'not_ready', 'bad_query'],
];

const COMMIT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const SCRAPE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Sums of what is told by type anyway, and gauges by the name of counters, which every linter of metrics reports. */
const MISNAMED_DEFAULTS = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

export function createMetrics(version: string, probes: GatewayProbes): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED_DEFAULTS) registry.removeSingleMetric(name);
  registerGauges(registry, version, probes);
  registerReloadMetrics(registry, 'tributary_config', probes.reload);
  const web = probes.web === null ? null : registerWebMetrics(registry, probes.web);
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const frames = counter('tributary_gateway_frames_total', 'Frames that came from reporters.', ['kind']);
  const bytes = counter(
    'tributary_gateway_received_bytes_total',
    'Bytes of frames that came, after inflating.',
  );
  const rejects = counter('tributary_gateway_rejects_total', 'Batches and groups that were rejected.', [
    'code',
  ]);
  const refusals = counter(
    'tributary_gateway_refusals_total',
    'Connections that were refused or ended with a code.',
    ['code'],
  );
  // From zero on, so that increase() sees the first of each.
  for (const code of REJECT_CODES) rejects.inc({ code }, 0);
  for (const code of Object.keys(REFUSALS)) refusals.inc({ code }, 0);
  const httpRefused = counter(
    'tributary_gateway_http_refused_total',
    'HTTP requests that were turned away.',
    ['reason'],
  );
  for (const reason of HTTP_REFUSALS) httpRefused.inc({ reason }, 0);
  const scrapeFailures = counter(
    'tributary_gateway_scrape_failures_total',
    'Expositions that were cut off in the middle.',
  );
  const commitFailures = counter(
    'tributary_ledger_commit_failures_total',
    'Commits that the disk refused; each is tried again.',
  );
  const trimmed = counter(
    'tributary_ledger_trimmed_batches_total',
    'Entries that the ledger removed: of age, or young ones because of its size.',
    ['reason'],
  );
  for (const reason of ['age', 'size']) trimmed.inc({ reason }, 0);
  const commits = new Histogram({
    name: 'tributary_ledger_commit_seconds',
    help: 'Time from handing a group of appends to the ledger to its being on disk.',
    buckets: COMMIT_BUCKETS,
    registers,
  });
  const scrapes = new Histogram({
    name: 'tributary_gateway_scrape_seconds',
    help: 'Time from a request of /metrics to the end of its body.',
    labelNames: ['format'],
    buckets: SCRAPE_BUCKETS,
    registers,
  });
  return {
    ...createLimitMetrics(registry),
    frame: (kind, count) => {
      frames.inc({ kind });
      bytes.inc(count);
    },
    reject: (code) => rejects.inc({ code }),
    refusal: (code) => refusals.inc({ code }),
    commit: (seconds) => commits.observe(seconds),
    commitFailed: () => commitFailures.inc(),
    trimmed: (reason, entries) => trimmed.inc({ reason }, entries),
    scrape: (format, seconds) => scrapes.observe({ format }, seconds),
    scrapeFailed: () => scrapeFailures.inc(),
    httpRefused: (reason) => httpRefused.inc({ reason }),
    handshakeFailed: (reason) => web?.handshakeFailed(reason),
    families: () => readFamilies(registry),
  };
}

function registerGauges(registry: Registry, version: string, probes: GatewayProbes): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  new Gauge({
    name: 'tributary_gateway_build_info',
    help: 'Always 1; the labels tell the version.',
    labelNames: ['version', 'nodeversion'],
    registers: [registry],
  }).set({ version, nodeversion: process.version }, 1);
  gauge('tributary_gateway_connections', 'Open connections of reporters.', probes.connections);
  gauge('tributary_gateway_hosts', 'Hosts that the gateway knows.', probes.hosts);
  gauge('tributary_gateway_shapes', 'Different shapes in use by the fleet.', probes.shapes);
  gauge(
    'tributary_gateway_demoted_families',
    'Families that the last exposition showed as unknown because hosts or names disagree.',
    probes.demotedFamilies,
  );
  gauge(
    'tributary_gateway_clock_skew_seconds',
    "Median of the connected hosts' clocks minus the gateway's; NaN while too few are connected to tell.",
    () => probes.medianSkewSeconds() ?? Number.NaN,
  );
  gauge(
    'tributary_gateway_credentials_readable',
    '1 while the file of the credentials can be read; while it cannot, those known before stay good.',
    () => (probes.credentialsReadable() ? 1 : 0),
  );
  gauge(
    'tributary_gateway_strain_level',
    'How hard the gateway presses on its limits of CPU and memory: 0 for not at all, up to 4.',
    () => probes.strain().level,
  );
  gauge(
    'tributary_gateway_pace_seconds',
    'How often hosts are asked to report; 0 for as often as they like.',
    () => probes.strain().paceMs / 1000,
  );
  gauge(
    'tributary_gateway_memory_limit_bytes',
    'Memory above which hosts are asked to report less often.',
    () => probes.strain().memoryLimitBytes,
  );
  gauge('tributary_ledger_bytes', 'Bytes that the ledger takes up.', () => probes.ledger().bytes);
  gauge(
    'tributary_ledger_retention_limit_bytes',
    'Bytes that it may take up; the oldest entries go first.',
    probes.ledgerLimitBytes,
  );
  gauge('tributary_ledger_batches', 'Entries that the ledger holds.', () => probes.ledger().entries);
  gauge(
    'tributary_ledger_oldest_timestamp_seconds',
    'Time of the oldest entry; 0 while there is none.',
    () => probes.ledger().oldestAt / 1000,
  );
  gauge(
    'tributary_ledger_pending_bytes',
    'Bytes that came and are not on disk yet.',
    () => probes.ledger().pendingBytes,
  );
  gauge('tributary_ledger_healthy', '1 while the ledger can commit.', () =>
    probes.ledger().healthy ? 1 : 0,
  );
}

async function readFamilies(registry: Registry): Promise<OwnFamily[]> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map(({ name, help, type, values }) => ({
    name,
    help,
    // prom-client's typings call it an enum, but its values are these strings.
    type: String(type) as OwnFamily['type'],
    series: () => (values as readonly PromValue[]).map((value) => toSeries(name, value)),
  }));
}

interface PromValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Set where the sample's name is not the family's. */
  readonly metricName?: string;
}

function toSeries(name: string, { value, labels, metricName = name }: PromValue): OwnSeries {
  const text: Record<string, string> = {};
  for (const [label, labelValue] of Object.entries(labels)) text[label] = String(labelValue);
  return { suffix: metricName.slice(name.length), labels: text, value };
}
