/** node_nf_conntrack_* from `/proc/sys/net/netfilter` and `/proc/net/stat/nf_conntrack`: the table of connections. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { parseNetStatTable } from './net-stat-table.ts';
import { parseNumber, parseOptional, parseOrNoData } from './source.ts';

interface ConntrackFamily {
  /** The column of the table, and the end of the metric's name. */
  readonly column: string;
  readonly help: string;
}

const FAMILIES: readonly ConntrackFamily[] = [
  { column: 'found', help: 'Number of searched entries which were successful.' },
  { column: 'invalid', help: 'Number of packets seen which can not be tracked.' },
  {
    column: 'ignore',
    help: 'Number of packets seen which are already connected to a conntrack entry.',
  },
  { column: 'insert', help: 'Number of entries inserted into the list.' },
  {
    column: 'insert_failed',
    help: 'Number of entries for which list insertion was attempted but failed.',
  },
  { column: 'drop', help: 'Number of packets dropped due to conntrack failure.' },
  {
    column: 'early_drop',
    help: 'Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.',
  },
  {
    column: 'search_restart',
    help: 'Number of conntrack table lookups which had to be restarted due to hashtable resizes.',
  },
];

export function createConntrackCollector(roots: Roots): Collector {
  const count = join(roots.proc, 'sys/net/netfilter/nf_conntrack_count');
  const max = join(roots.proc, 'sys/net/netfilter/nf_conntrack_max');
  const table = join(roots.proc, 'net/stat/nf_conntrack');
  return {
    name: 'conntrack',
    collect(out) {
      const entries = parseOrNoData(count, parseNumber);
      const limit = parseOrNoData(max, parseNumber);
      // Absent from kernels without CONFIG_NF_CONNTRACK_PROCFS.
      const columns = parseOptional(table, parseNetStatTable);
      out.family(
        'node_nf_conntrack_entries',
        'gauge',
        'Number of currently allocated flow entries for connection tracking.',
      );
      out.add(entries);
      out.family('node_nf_conntrack_entries_limit', 'gauge', 'Maximum size of connection tracking table.');
      out.add(limit);
      if (columns === null) return;
      for (const { column, help } of FAMILIES) {
        // They are counters, but node_exporter says gauge.
        out.family(`node_nf_conntrack_stat_${column}`, 'gauge', help);
        out.add((columns.get(column) ?? []).reduce((sum, value) => sum + value, 0));
      }
    },
  };
}
