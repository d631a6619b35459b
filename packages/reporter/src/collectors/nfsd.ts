/** node_nfsd_* from `/proc/net/rpc/nfsd`: what this host's NFS server was asked. */
import { join } from 'node:path';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, Roots } from './collector.ts';
import { addMethods, numberOf, parseRpc, SERVER_V4_METHODS, V2_METHODS, V3_METHODS } from './nfs-rpc.ts';
import { parseOrNoData } from './source.ts';

interface NfsdFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Line and number of it. */
  readonly at: readonly [string, number];
}

const FAMILIES: readonly NfsdFamily[] = [
  {
    name: 'reply_cache_hits_total',
    type: 'counter',
    help: 'Total number of NFSd Reply Cache hits (client lost server response).',
    at: ['rc', 0],
  },
  {
    name: 'reply_cache_misses_total',
    type: 'counter',
    help: 'Total number of NFSd Reply Cache an operation that requires caching (idempotent).',
    at: ['rc', 1],
  },
  {
    name: 'reply_cache_nocache_total',
    type: 'counter',
    help: 'Total number of NFSd Reply Cache non-idempotent operations (rename/delete/…).',
    at: ['rc', 2],
  },
  {
    name: 'file_handles_stale_total',
    type: 'counter',
    help: 'Total number of NFSd stale file handles',
    at: ['fh', 0],
  },
  { name: 'disk_bytes_read_total', type: 'counter', help: 'Total NFSd bytes read.', at: ['io', 0] },
  { name: 'disk_bytes_written_total', type: 'counter', help: 'Total NFSd bytes written.', at: ['io', 1] },
  {
    name: 'server_threads',
    type: 'gauge',
    help: 'Total number of NFSd kernel threads that are running.',
    at: ['th', 0],
  },
  {
    name: 'read_ahead_cache_size_blocks',
    type: 'gauge',
    help: 'How large the read ahead cache is in blocks.',
    at: ['ra', 0],
  },
  {
    name: 'read_ahead_cache_not_found_total',
    type: 'counter',
    help: 'Total number of NFSd read ahead cache not found.',
    at: ['ra', 11],
  },
  {
    name: 'connections_total',
    type: 'counter',
    help: 'Total number of NFSd TCP connections.',
    at: ['net', 3],
  },
  { name: 'server_rpcs_total', type: 'counter', help: 'Total number of NFSd RPCs.', at: ['rpc', 0] },
];

/** Null does nothing; node_exporter tells it for the client only. */
const withoutNull = (methods: readonly string[]) =>
  methods.map((method) => (method === 'Null' ? '-' : method));
const SERVER_V2_METHODS = withoutNull(V2_METHODS);
const SERVER_V3_METHODS = withoutNull(V3_METHODS);

export function createNfsdCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'net/rpc/nfsd');
  return {
    name: 'nfsd',
    collect(out) {
      const lines = parseOrNoData(path, parseRpc);
      for (const { name, type, help, at } of FAMILIES) {
        out.family(`node_nfsd_${name}`, type, help);
        out.add(numberOf(lines, ...at));
      }
      const packets = 'Total NFSd network packets (sent+received) by protocol type.';
      out.family('node_nfsd_packets_total', 'counter', packets, ['proto']);
      out.add(numberOf(lines, 'net', 1), 'udp');
      out.add(numberOf(lines, 'net', 2), 'tcp');
      const errors = 'Total number of NFSd RPC errors by error type.';
      out.family('node_nfsd_rpc_errors_total', 'counter', errors, ['error']);
      out.add(numberOf(lines, 'rpc', 2), 'fmt');
      out.add(numberOf(lines, 'rpc', 3), 'auth');
      out.add(numberOf(lines, 'rpc', 4), 'cInt');
      const requests = 'Total number NFSd Requests by method and protocol.';
      out.family('node_nfsd_requests_total', 'counter', requests, ['proto', 'method']);
      addMethods(out, lines, '2', 'proc2', SERVER_V2_METHODS);
      addMethods(out, lines, '3', 'proc3', SERVER_V3_METHODS);
      addMethods(out, lines, '4', 'proc4ops', SERVER_V4_METHODS);
      out.add(numberOf(lines, 'wdeleg_getattr', 0), '4', 'WdelegGetattr');
    },
  };
}
