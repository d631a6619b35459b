/** Memory errors that were corrected or could not be, from `/sys/devices/system/edac/mc`. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { type Device, directoryNames, readNumber, writeAttributes } from './sysfs.ts';

const CONTROLLER = /^mc(\d+)$/;
const ROW = /^csrow(\d+)$/;

const CONTROLLER_COUNTERS = [
  {
    file: 'ce_count',
    name: 'node_edac_correctable_errors_total',
    type: 'counter',
    help: 'Total correctable memory errors.',
  },
  {
    file: 'ue_count',
    name: 'node_edac_uncorrectable_errors_total',
    type: 'counter',
    help: 'Total uncorrectable memory errors.',
  },
] as const;

/** Files of a row, and of a controller for those errors whose row is not known. */
const ROW_COUNTERS = [
  {
    file: 'ce_count',
    unknownFile: 'ce_noinfo_count',
    name: 'node_edac_csrow_correctable_errors_total',
    help: 'Total correctable memory errors for this csrow.',
  },
  {
    file: 'ue_count',
    unknownFile: 'ue_noinfo_count',
    name: 'node_edac_csrow_uncorrectable_errors_total',
    help: 'Total uncorrectable memory errors for this csrow.',
  },
] as const;

function devices(base: string, pattern: RegExp, labels: readonly string[] = []): Device[] {
  return directoryNames(base).flatMap((name) => {
    const number = pattern.exec(name)?.[1];
    return number === undefined ? [] : [{ path: `${base}/${name}`, labels: [...labels, number] }];
  });
}

export function createEdacCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'devices/system/edac/mc');
  return {
    name: 'edac',
    collect(out) {
      const controllers = devices(base, CONTROLLER);
      if (controllers.length === 0) return;
      writeAttributes(out, ['controller'], CONTROLLER_COUNTERS, controllers);
      const rows = controllers.flatMap(({ path, labels }) => devices(path, ROW, labels));
      for (const { file, unknownFile, name, help } of ROW_COUNTERS) {
        out.family(name, 'counter', help, ['controller', 'csrow']);
        for (const { path, labels } of controllers) {
          const count = readNumber(`${path}/${unknownFile}`);
          if (count !== null) out.add(count, ...labels, 'unknown');
        }
        for (const { path, labels } of rows) {
          const count = readNumber(`${path}/${file}`);
          if (count !== null) out.add(count, ...labels);
        }
      }
    },
  };
}
