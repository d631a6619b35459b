/**
 * node_lnstat_*_total from the tables of `/proc/net/stat`: the kernel's caches of routes and neighbours, per CPU. Off by
 * default, as in node_exporter.
 */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { parseNetStatTable } from './net-stat-table.ts';
import { namesIn, parseFile } from './source.ts';

export function createLnstatCollector(roots: Roots): Collector {
  const folder = join(roots.proc, 'net/stat');
  return {
    name: 'lnstat',
    collect(out) {
      const tables = namesIn(folder).map((subsystem) => ({
        subsystem,
        table: parseFile(join(folder, subsystem), parseNetStatTable),
      }));
      // Several tables have columns of one name, such as `entries`.
      for (const column of new Set(tables.flatMap(({ table }) => [...table.keys()]))) {
        const name = `node_lnstat_${column}_total`;
        out.family(name, 'counter', 'linux network cache stats', ['subsystem', 'cpu']);
        for (const { subsystem, table } of tables) {
          for (const [cpu, value] of (table.get(column) ?? []).entries()) out.add(value, subsystem, `${cpu}`);
        }
      }
    },
  };
}
