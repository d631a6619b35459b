/** node_sockstat_* from `/proc/net/sockstat` and `sockstat6`: sockets in use and the memory that they take. */
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { createPageSize } from './page-size.ts';
import { badLine, eachLine, numberIn, parseOptional, words } from './source.ts';

/** The states that are told, in the order in which node_exporter knows them. */
const STATES = ['inuse', 'orphan', 'tw', 'alloc', 'mem', 'memory'] as const;

/** Protocol (or `sockets`) → state → number. */
export type SocketStats = ReadonlyMap<string, ReadonlyMap<string, number>>;

export function parseSockstat(text: string): SocketStats {
  const stats = new Map<string, Map<string, number>>();
  eachLine(text, (line) => {
    const [head = '', ...pairs] = words(line);
    if (!head.endsWith(':') || pairs.length % 2 !== 0)
      throw badLine('expected "PROTOCOL: state number …"', line);
    const states = new Map<string, number>();
    for (let i = 0; i < pairs.length; i += 2) states.set(pairs[i] ?? '', numberIn(pairs[i + 1], line));
    stats.set(head.slice(0, -1), states);
  });
  return stats;
}

function write(out: ColumnWriter, stats: SocketStats, pageSize: number): void {
  const tell = (protocol: string, state: string, value: number) => {
    out.family(
      `node_sockstat_${protocol}_${state}`,
      'gauge',
      `Number of ${protocol} sockets in state ${state}.`,
    );
    out.add(value);
  };
  for (const [protocol, states] of stats) {
    if (protocol === 'sockets') continue;
    for (const state of STATES) {
      const value = states.get(state);
      if (value !== undefined) tell(protocol, state, value);
    }
    const pages = states.get('mem');
    if (pages !== undefined) tell(protocol, 'mem_bytes', pages * pageSize);
  }
}

export function createSockstatCollector(roots: Roots, pageSize = createPageSize(roots)): Collector {
  const path4 = join(roots.proc, 'net/sockstat');
  const path6 = join(roots.proc, 'net/sockstat6');
  return {
    name: 'sockstat',
    collect(out) {
      // Either is absent where its version of IP is switched off.
      const stats4 = parseOptional(path4, parseSockstat);
      const stats6 = parseOptional(path6, parseSockstat);
      const used = stats4?.get('sockets')?.get('used');
      if (used !== undefined) {
        out.family('node_sockstat_sockets_used', 'gauge', 'Number of IPv4 sockets in use.');
        out.add(used);
      }
      if (stats4 !== null) write(out, stats4, pageSize());
      if (stats6 !== null) write(out, stats6, pageSize());
    },
  };
}
