/** node_ipvs_* from `/proc/net/ip_vs_stats` and `/proc/net/ip_vs`: the kernel's load balancer and its backends. */
import { join } from 'node:path';
import { OptionError, type OptionSpec } from '@tributary/shared/options';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import {
  badLine,
  eachLine,
  FormatError,
  hexIn,
  numberIn,
  parseFile,
  parseOrNoData,
  words,
} from './source.ts';

const BACKEND_LABELS = [
  'local_address',
  'local_port',
  'remote_address',
  'remote_port',
  'proto',
  'local_mark',
] as const;

type BackendLabel = (typeof BACKEND_LABELS)[number];

export const IPVS_OPTIONS: { readonly 'backend-labels': OptionSpec<readonly BackendLabel[]> } = {
  'backend-labels': {
    help: 'Labels of backends, separated by commas; backends that agree in them are added up.',
    placeholder: 'LABELS',
    defaultText: BACKEND_LABELS.join(','),
    defaultValue: BACKEND_LABELS,
    repeatable: false,
    parse: (texts) => parseLabels(texts[0] ?? ''),
  },
};

function parseLabels(text: string): readonly BackendLabel[] {
  const given = text.split(',').filter((label) => label !== '');
  for (const label of given) {
    if (!BACKEND_LABELS.some((known) => known === label))
      throw new OptionError(`${JSON.stringify(label)} is none of ${BACKEND_LABELS.join(', ')}`);
  }
  return BACKEND_LABELS.filter((label) => given.includes(label));
}

/** Connections, packets in and out, bytes in and out. */
export type IpvsStats = readonly number[];

/** The third line holds the totals, in hexadecimal. */
export function parseIpvsStats(text: string): IpvsStats {
  const line = text.split('\n')[2];
  if (line === undefined) throw new FormatError('the line of totals is missing');
  const totals = words(line);
  return [0, 1, 2, 3, 4].map((i) => hexIn(totals[i], line));
}

export interface Backend {
  readonly labels: Readonly<Record<BackendLabel, string>>;
  readonly active: number;
  readonly inactive: number;
  readonly weight: number;
}

/** Services (`TCP address:port …`, `FWM mark …`), each followed by its backends (`-> address:port …`). */
export function parseIpvs(text: string): Backend[] {
  const backends: Backend[] = [];
  let service = { local_address: '', local_port: '0', proto: '', local_mark: '' };
  eachLine(text, (line) => {
    const [head = '', address = '', , weight, active, inactive] = words(line);
    if (head === 'TCP' || head === 'UDP' || head === 'SCTP') {
      const { host, port } = parseEndpoint(address, line);
      service = { local_address: host, local_port: port, proto: head, local_mark: '' };
    } else if (head === 'FWM') {
      service = { local_address: '', local_port: '0', proto: head, local_mark: address };
    } else if (head === '->' && address !== 'RemoteAddress:Port') {
      const { host, port } = parseEndpoint(address, line);
      backends.push({
        labels: { ...service, remote_address: host, remote_port: port },
        weight: numberIn(weight, line),
        active: numberIn(active, line),
        inactive: numberIn(inactive, line),
      });
    }
  });
  return backends;
}

/** `C0A80016:0CEA`, or `[2001:0db8:…]:0035`. */
function parseEndpoint(word: string, line: string): { host: string; port: string } {
  const colon = word.lastIndexOf(':');
  const address = word.slice(0, Math.max(colon, 0));
  const port = `${hexIn(word.slice(colon + 1), line)}`;
  if (/^[\da-f]{8}$/i.test(address)) {
    const bytes = address.match(/../g) ?? [];
    return { host: bytes.map((byte) => Number.parseInt(byte, 16)).join('.'), port };
  }
  // The host of a URL is an address of IPv6 in its short form, as node_exporter writes it.
  const url = address.startsWith('[') ? URL.parse(`http://${address}/`) : null;
  if (url === null) throw badLine(`${word} is no address with a port`, line);
  return { host: url.hostname.slice(1, -1), port };
}

const TOTALS = [
  { name: 'connections_total', help: 'The total number of connections made.' },
  { name: 'incoming_packets_total', help: 'The total number of incoming packets.' },
  { name: 'outgoing_packets_total', help: 'The total number of outgoing packets.' },
  { name: 'incoming_bytes_total', help: 'The total amount of incoming data.' },
  { name: 'outgoing_bytes_total', help: 'The total amount of outgoing data.' },
] as const;

const BACKEND_FAMILIES = [
  {
    name: 'backend_connections_active',
    help: 'The current active connections by local and remote address.',
    key: 'active',
  },
  {
    name: 'backend_connections_inactive',
    help: 'The current inactive connections by local and remote address.',
    key: 'inactive',
  },
  {
    name: 'backend_weight',
    help: 'The current backend weight by local and remote address.',
    key: 'weight',
  },
] as const;

function writeBackends(
  out: ColumnWriter,
  backends: readonly Backend[],
  labels: readonly BackendLabel[],
): void {
  for (const { name, help, key } of BACKEND_FAMILIES) {
    const sums = new Map<string, { values: string[]; sum: number }>();
    for (const backend of backends) {
      const values = labels.map((label) => backend.labels[label]);
      const sum = sums.get(values.join('\0')) ?? { values, sum: 0 };
      sum.sum += backend[key];
      sums.set(values.join('\0'), sum);
    }
    out.family(`node_ipvs_${name}`, 'gauge', help, labels);
    for (const { values, sum } of sums.values()) out.add(sum, ...values);
  }
}

export function createIpvsCollector(
  roots: Roots,
  labels: readonly BackendLabel[] = BACKEND_LABELS,
): Collector {
  const statsPath = join(roots.proc, 'net/ip_vs_stats');
  const backendsPath = join(roots.proc, 'net/ip_vs');
  return {
    name: 'ipvs',
    collect(out) {
      const stats = parseOrNoData(statsPath, parseIpvsStats);
      const backends = parseFile(backendsPath, parseIpvs);
      for (const [i, { name, help }] of TOTALS.entries()) {
        out.family(`node_ipvs_${name}`, 'counter', help);
        out.add(stats[i] ?? null);
      }
      writeBackends(out, backends, labels);
    },
  };
}
