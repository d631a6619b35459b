/**
 * What Prometheus's own series of the gateway say of the last hour. The gateway's counters go back to its start; by these it is
 * known what is over.
 */
import { fieldsOf, listOf, textOf } from './client.ts';
import type { Get } from './prometheus-facts.ts';
import type { Sample } from './samples.ts';

export interface Recent {
  /** `instance` of the gateways that it has. */
  readonly gateways: ReadonlySet<string>;
  readonly lost: readonly Sample[];
  readonly rejected: readonly Sample[];
  readonly backwards: readonly Sample[];
  readonly expired: readonly Sample[];
  readonly refused: readonly Sample[];
  /** By gateway: batches that went for want of room. */
  readonly trimmed: readonly Sample[];
  /** By gateway: how far it has slowed its hosts. */
  readonly strained: readonly Sample[];
  /** By scraper: by how much the lag grows in a second. */
  readonly lagSlopes: readonly Sample[];
  /** By job: samples of its last scrapes that relabeling took away. */
  readonly relabeledAway: readonly Sample[];
}

const increase = (by: string, selector: string) => `sum by (${by}) (increase(${selector}[1h])) > 0`;
/** Also what began with its first event, of which `increase` knows nothing. */
const happened = (by: string, selector: string) =>
  `${increase(by, selector)} or (sum by (${by}) (${selector}) unless sum by (${by}) (${selector} offset 1h)) > 0`;

export const RECENT_QUERIES = {
  lost: happened('host, reason', 'tributary_host_lost_batches_total'),
  rejected: happened('host, code', 'tributary_host_rejects_total'),
  backwards: happened('host', 'tributary_host_dropped_samples_total{reason="backwards"}'),
  expired: happened('scraper, reason', 'tributary_scraper_expired_samples_total'),
  refused: increase('code', 'tributary_gateway_refusals_total'),
  trimmed: increase('instance', 'tributary_ledger_trimmed_batches_total{reason="size"}'),
  strained: 'max by (instance) (max_over_time(tributary_gateway_strain_level[1h])) > 0',
  lagSlopes: 'max by (scraper) (deriv(tributary_scraper_lag_seconds[10m])) > 0.2',
  relabeledAway:
    'sum by (job) (scrape_samples_scraped) - sum by (job) (scrape_samples_post_metric_relabeling) > 0',
} as const;

/** @returns null where no gateway's series are there to tell. */
export async function readRecent(get: Get): Promise<Recent | null> {
  const query = async (text: string) =>
    samplesOf(await get(`/api/v1/query?query=${encodeURIComponent(text)}`));
  const gateways = await query('tributary_gateway_build_info');
  if (gateways.length === 0) return null;
  const found: Record<string, readonly Sample[]> = {};
  for (const [name, text] of Object.entries(RECENT_QUERIES)) found[name] = await query(text);
  return {
    ...(found as Record<keyof typeof RECENT_QUERIES, readonly Sample[]>),
    gateways: new Set(gateways.map(({ labels }) => labels['instance'] ?? '')),
  };
}

function samplesOf(data: unknown): Sample[] {
  return listOf(fieldsOf(data)['result']).map((series) => {
    const { metric, value } = fieldsOf(series);
    const labels = Object.entries(fieldsOf(metric)).map(([label, text]) => [label, textOf(text)]);
    return { labels: Object.fromEntries(labels), value: Number(listOf(value)[1] ?? 0) };
  });
}
