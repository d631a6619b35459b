/**
 * TCP sockets by state, from `/proc/net/tcp` and `tcp6`. Off by default, as in node_exporter: the kernel writes a line for each socket, which
 * on a host with a hundred thousand connections takes it a quarter of a second.
 */
import { join } from 'node:path';
import { type Collector, NoDataError, type Roots } from './collector.ts';
import { badLine, eachLine, hexIn, parseOptional, words } from './source.ts';

/** By the kernel's number, from 1: include/net/tcp_states.h. */
const STATES = [
  'established',
  'syn_sent',
  'syn_recv',
  'fin_wait1',
  'fin_wait2',
  'time_wait',
  'close',
  'close_wait',
  'last_ack',
  'listen',
  'closing',
] as const;

/** Sockets by state, and the bytes that wait in the queues of all of them. */
export type TcpStats = ReadonlyMap<string, number>;

/** One socket a line: its fourth column is the state, its fifth `TX:RX`, in hexadecimal. */
export function parseTcpStats(text: string): TcpStats {
  const stats = new Map([
    ['tx_queued_bytes', 0],
    ['rx_queued_bytes', 0],
  ]);
  const add = (name: string, count: number) => stats.set(name, (stats.get(name) ?? 0) + count);
  eachLine(text, (line) => {
    const columns = words(line);
    if (columns[0] === 'sl') return;
    const [sent, received] = (columns[4] ?? '').split(':');
    if (received === undefined) throw badLine('expected tx_queue:rx_queue in the fifth field', line);
    add('tx_queued_bytes', hexIn(sent, line));
    add('rx_queued_bytes', hexIn(received, line));
    add(STATES[hexIn(columns[3], line) - 1] ?? 'unknown', 1);
  });
  return stats;
}

export function createTcpstatCollector(roots: Roots): Collector {
  const paths = ['tcp', 'tcp6'].map((file) => join(roots.proc, 'net', file));
  return {
    name: 'tcpstat',
    collect(out) {
      const found = paths.map((path) => parseOptional(path, parseTcpStats)).filter((stats) => stats !== null);
      if (found.length === 0) throw new NoDataError('there is no TCP');
      out.family('node_tcp_connection_states', 'gauge', 'Number of connection states.', ['state']);
      // As node_exporter does, states that no socket is in are not told.
      for (const state of [...STATES, 'unknown', 'rx_queued_bytes', 'tx_queued_bytes']) {
        const counts = found.flatMap((stats) => stats.get(state) ?? []);
        if (counts.length > 0)
          out.add(
            counts.reduce((sum, count) => sum + count, 0),
            state,
          );
      }
    },
  };
}
