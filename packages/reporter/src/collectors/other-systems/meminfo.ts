/**
 * Memory on macOS, the BSDs and Windows, by the names that node_exporter has on macOS and the BSDs, which differ. Windows,
 * which it does not know, has Linux's names, so that dashboards and alerts made for Linux work.
 *
 * Total and free come from Node's os module in each tick. The rest comes from the systems' own programs (vm_stat, sysctl), and
 * on Windows from the systeminformation package: whatever it calls used, active and available are sums of its own.
 */
import os from 'node:os';
import { type Collector, type ColumnWriter, PartialDataError } from '../collector.ts';
import type { Reading } from '../latest.ts';
import { countOf, fieldOf } from '../unknown-values.ts';
import type { MemoryValue } from './memory-text.ts';
import { isWindows } from './platforms.ts';

export type MemoryReader = () => Promise<Reading<readonly MemoryValue[]>>;

const gauge = (key: string, value: number): MemoryValue => ({ key, type: 'gauge', value });

/** What the os module knows. Its free memory is what Windows could give at once, like Linux's MemAvailable. */
export function commonMemory(platform: string, total: number, free: number): MemoryValue[] {
  if (isWindows(platform)) return [gauge('MemTotal_bytes', total), gauge('MemAvailable_bytes', free)];
  return [gauge(platform === 'darwin' ? 'total_bytes' : 'size_bytes', total), gauge('free_bytes', free)];
}

/** The page file, as `mem` of the package answers it on Windows. Without one there is nothing to tell. */
export function windowsSwap(value: unknown): MemoryValue[] {
  const total = countOf(fieldOf(value, 'swaptotal'));
  const free = countOf(fieldOf(value, 'swapfree'));
  if (total === null || free === null) throw new Error('memory: the answer has no swap');
  return [gauge('SwapTotal_bytes', total), gauge('SwapFree_bytes', free)];
}

function write(out: ColumnWriter, values: readonly MemoryValue[]): void {
  for (const { key, type, value } of values) {
    out.family(`node_memory_${key}`, type, `Memory information field ${key}.`);
    out.add(value);
  }
}

/** @param read what the system has besides; null where it is not known how to ask. */
export function createSystemMeminfoCollector(platform: string, read: MemoryReader | null): Collector {
  return {
    name: 'meminfo',
    async collect(out) {
      write(out, commonMemory(platform, os.totalmem(), os.freemem()));
      if (read === null) return;
      try {
        write(out, (await read()).value);
      } catch (error) {
        // A host that forbids PowerShell has a total all the same.
        const message = error instanceof Error ? error.message : String(error);
        throw new PartialDataError(`only total and free: ${message}`, { cause: error });
      }
    },
  };
}
