/** The reporter's own process where there is no `/proc`: what Node.js knows of itself. */
import type { Collector } from '../collector.ts';
import { PROCESS_HELP } from '../process.ts';

export function createSystemProcessCollector(now: () => number): Collector {
  const startSeconds = Math.round(now() - process.uptime() * 1000) / 1000;
  return {
    name: 'process',
    collect(out) {
      const { user, system } = process.cpuUsage();
      out.family('process_cpu_seconds_total', 'counter', PROCESS_HELP.cpu);
      out.add((user + system) / 1e6);
      out.family('process_resident_memory_bytes', 'gauge', PROCESS_HELP.resident);
      out.add(process.memoryUsage.rss());
      out.family('process_start_time_seconds', 'gauge', PROCESS_HELP.start);
      out.add(startSeconds);
    },
  };
}
