/** node_nfs_* from `/proc/net/rpc/nfs`: what this host's NFS client asked of servers. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { addMethods, CLIENT_V4_METHODS, numberOf, parseRpc, V2_METHODS, V3_METHODS } from './nfs-rpc.ts';
import { parseOrNoData } from './source.ts';

export function createNfsCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'net/rpc/nfs');
  return {
    name: 'nfs',
    collect(out) {
      const lines = parseOrNoData(path, parseRpc);
      // Server where client is meant, and "performed" for "repeated", are node_exporter's words.
      const packets = 'Total NFSd network packets (sent+received) by protocol type.';
      out.family('node_nfs_packets_total', 'counter', packets, ['protocol']);
      out.add(numberOf(lines, 'net', 1), 'udp');
      out.add(numberOf(lines, 'net', 2), 'tcp');
      out.family('node_nfs_connections_total', 'counter', 'Total number of NFSd TCP connections.');
      out.add(numberOf(lines, 'net', 3));
      out.family('node_nfs_rpcs_total', 'counter', 'Total number of RPCs performed.');
      out.add(numberOf(lines, 'rpc', 0));
      const repeated = 'Number of RPC transmissions performed.';
      out.family('node_nfs_rpc_retransmissions_total', 'counter', repeated);
      out.add(numberOf(lines, 'rpc', 1));
      const refreshes = 'Number of RPC authentication refreshes performed.';
      out.family('node_nfs_rpc_authentication_refreshes_total', 'counter', refreshes);
      out.add(numberOf(lines, 'rpc', 2));
      const requests = 'Number of NFS procedures invoked.';
      out.family('node_nfs_requests_total', 'counter', requests, ['proto', 'method']);
      addMethods(out, lines, '2', 'proc2', V2_METHODS);
      addMethods(out, lines, '3', 'proc3', V3_METHODS);
      addMethods(out, lines, '4', 'proc4', CLIENT_V4_METHODS);
    },
  };
}
