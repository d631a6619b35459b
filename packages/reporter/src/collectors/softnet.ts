/**
 * node_softnet_* from `/proc/net/softnet_stat`: what each CPU did with the packets handed to it. One line a CPU, columns
 * in hexadecimal, of which newer kernels have more.
 */
import { join } from 'node:path';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, Roots } from './collector.ts';
import { badLine, eachLine, hexIn, parseFile, words } from './source.ts';

interface SoftnetFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly column: number;
}

const FAMILIES: readonly SoftnetFamily[] = [
  { name: 'processed_total', type: 'counter', help: 'Number of processed packets', column: 0 },
  { name: 'dropped_total', type: 'counter', help: 'Number of dropped packets', column: 1 },
  {
    name: 'times_squeezed_total',
    type: 'counter',
    help: 'Number of times processing packets ran out of quota',
    column: 2,
  },
  {
    name: 'cpu_collision_total',
    type: 'counter',
    help: 'Number of collision occur while obtaining device lock while transmitting',
    column: 8,
  },
  {
    name: 'received_rps_total',
    type: 'counter',
    help: 'Number of times cpu woken up received_rps',
    column: 9,
  },
  {
    name: 'flow_limit_count_total',
    type: 'counter',
    help: 'Number of times flow limit has been reached',
    column: 10,
  },
  { name: 'backlog_len', type: 'gauge', help: 'Softnet backlog status', column: 11 },
];

/** Of kernels from 2.6.23 on; from 5.10 on there are 13, of which the last is the CPU's number. */
const COLUMNS_MIN = 9;
const CPU_COLUMN = 12;

export interface SoftnetRow {
  readonly cpu: string;
  /** In the order of FAMILIES; null for those that this kernel does not have. */
  readonly values: readonly (number | null)[];
}

export function parseSoftnet(text: string): SoftnetRow[] {
  const rows: SoftnetRow[] = [];
  eachLine(text, (line) => {
    const columns = words(line);
    if (columns.length < COLUMNS_MIN) throw badLine('too few fields', line);
    // CPUs that are offline have no line, so the line's own number is to be preferred.
    const cpu = columns.length > CPU_COLUMN ? hexIn(columns[CPU_COLUMN], line) : rows.length;
    const values = FAMILIES.map(({ column }) =>
      column < columns.length ? hexIn(columns[column], line) : null,
    );
    rows.push({ cpu: `${cpu}`, values });
  });
  return rows;
}

export function createSoftnetCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'net/softnet_stat');
  return {
    name: 'softnet',
    collect(out) {
      const rows = parseFile(path, parseSoftnet);
      for (const [i, { name, type, help }] of FAMILIES.entries()) {
        out.family(`node_softnet_${name}`, type, help, ['cpu']);
        // node_exporter tells columns that the kernel lacks as 0, and so does this.
        for (const { cpu, values } of rows) out.add(values[i] ?? 0, cpu);
      }
    },
  };
}
