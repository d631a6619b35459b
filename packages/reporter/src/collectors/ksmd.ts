/** node_ksmd_* from `/sys/kernel/mm/ksm`: the daemon that merges equal pages. Off by default, as in node_exporter. */
import { join } from 'node:path';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, Roots } from './collector.ts';
import { parseFile, parseNumber } from './source.ts';

interface KsmFile {
  readonly file: string;
  readonly name: string;
  readonly type: MetricType;
}

const gauge = (file: string): KsmFile => ({ file, name: file, type: 'gauge' });
const SLEEP = 'sleep_millisecs';

const FILES: readonly KsmFile[] = [
  { file: 'full_scans', name: 'full_scans_total', type: 'counter' },
  gauge('merge_across_nodes'),
  gauge('pages_shared'),
  gauge('pages_sharing'),
  gauge('pages_to_scan'),
  gauge('pages_unshared'),
  gauge('pages_volatile'),
  gauge('run'),
  { file: SLEEP, name: 'sleep_seconds', type: 'gauge' },
];

export function createKsmdCollector(roots: Roots): Collector {
  const folder = join(roots.sys, 'kernel/mm/ksm');
  return {
    name: 'ksmd',
    collect(out) {
      const values = FILES.map(({ file }) => parseFile(join(folder, file), parseNumber));
      for (const [i, { file, name, type }] of FILES.entries()) {
        const value = values[i] ?? 0;
        out.family(`node_ksmd_${name}`, type, `ksmd '${file}' file.`);
        out.add(file === SLEEP ? value / 1000 : value);
      }
    },
  };
}
