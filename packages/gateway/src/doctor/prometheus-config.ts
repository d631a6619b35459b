/**
 * Reads what Prometheus says of its configuration (`/api/v1/status/config`): the file as it understood it, with defaults, without
 * secrets. Only what decides how a gateway is scraped is kept.
 */
import { parseYaml } from '@tributary/program/yaml-tree';
import type { ConfigNode } from '@tributary/shared/config-tree';
import { parseDuration } from '@tributary/shared/units';

export interface Relabel {
  readonly action: string;
  readonly regex: string;
  readonly targetLabel: string;
}

export interface JobConfig {
  readonly name: string;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly tracksStaleness: boolean;
  /** Null where this version has no such option, and asks for OpenMetrics first. */
  readonly protocols: readonly string[] | null;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** 0 for none, as all that follow. */
  readonly sampleLimit: number;
  readonly bodySizeLimit: number;
  readonly labelLimit: number;
  readonly labelNameLimit: number;
  readonly labelValueLimit: number;
  readonly targetLimit: number;
  /** Shows some credential, which may name the scraper. */
  readonly hasCredentials: boolean;
  readonly metricRelabels: readonly Relabel[];
  /** It asks somebody for its targets, by HTTP. */
  readonly discovers: boolean;
}

export interface PrometheusConfig {
  /** `out_of_order_time_window`; 0 for none. */
  readonly outOfOrderMs: number;
  readonly jobs: readonly JobConfig[];
}

/** A large Prometheus has thousands of targets in its file; ours may have less. */
const NODES_MAX = 3_000_000;

/** @returns null for what is no configuration. */
export function readPrometheusConfig(yaml: string): PrometheusConfig | null {
  const { tree } = parseYaml(yaml, NODES_MAX);
  if (tree?.kind !== 'map') return null;
  const tsdb = at(at(tree, 'storage'), 'tsdb');
  return {
    outOfOrderMs: parseDuration(text(tsdb, 'out_of_order_time_window')) ?? 0,
    jobs: items(at(tree, 'scrape_configs')).map(jobOf),
  };
}

function jobOf(node: ConfigNode): JobConfig {
  const protocols = at(node, 'scrape_protocols');
  return {
    name: text(node, 'job_name'),
    honorLabels: text(node, 'honor_labels') === 'true',
    honorTimestamps: text(node, 'honor_timestamps') !== 'false',
    tracksStaleness: text(node, 'track_timestamps_staleness') === 'true',
    protocols: protocols === null ? null : items(protocols).map(textOfNode),
    intervalMs: parseDuration(text(node, 'scrape_interval')) ?? 0,
    timeoutMs: parseDuration(text(node, 'scrape_timeout')) ?? 0,
    sampleLimit: number(node, 'sample_limit'),
    bodySizeLimit: size(text(node, 'body_size_limit')),
    labelLimit: number(node, 'label_limit'),
    labelNameLimit: number(node, 'label_name_length_limit'),
    labelValueLimit: number(node, 'label_value_length_limit'),
    targetLimit: number(node, 'target_limit'),
    hasCredentials: ['authorization', 'basic_auth', 'oauth2', 'http_headers'].some(
      (key) => at(node, key) !== null,
    ),
    discovers: at(node, 'http_sd_configs') !== null,
    metricRelabels: items(at(node, 'metric_relabel_configs')).map((relabel) => ({
      // Upper case is allowed, too.
      action: (text(relabel, 'action') || 'replace').toLowerCase(),
      regex: at(relabel, 'regex') === null ? '(.*)' : text(relabel, 'regex'),
      targetLabel: text(relabel, 'target_label'),
    })),
  };
}

function at(node: ConfigNode | null, key: string): ConfigNode | null {
  if (node?.kind !== 'map') return null;
  return node.entries.find((entry) => entry.key === key)?.value ?? null;
}

function items(node: ConfigNode | null): readonly ConfigNode[] {
  return node?.kind === 'list' ? node.items : [];
}

function textOfNode(node: ConfigNode | null): string {
  return node?.kind === 'scalar' && node.type !== 'null' ? node.text : '';
}

function text(node: ConfigNode | null, key: string): string {
  return textOfNode(at(node, key));
}

function number(node: ConfigNode | null, key: string): number {
  const value = Number(text(node, key));
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

const SIZE_UNITS = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

/** As Prometheus writes sizes (`10MiB`) and takes them (`10MB`), in powers of two. */
function size(written: string): number {
  const match = /^([\d.]+)([KMGTPE]?)i?B?$/.exec(written);
  return match === null ? 0 : Math.round(Number(match[1]) * 1024 ** SIZE_UNITS.indexOf(match[2] ?? ''));
}
