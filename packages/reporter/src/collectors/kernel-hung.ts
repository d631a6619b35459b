/** node_kernel_hung_tasks_total from `/proc/sys/kernel/hung_task_detect_count`, which kernels from 6.13 on have. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { parseNumber, parseOrNoData } from './source.ts';

export function createKernelHungCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'sys/kernel/hung_task_detect_count');
  return {
    name: 'kernel_hung',
    collect(out) {
      const count = parseOrNoData(path, parseNumber);
      out.family(
        'node_kernel_hung_tasks_total',
        'counter',
        'Total number of tasks that have been detected as hung since the system booted.',
      );
      out.add(count);
    },
  };
}
