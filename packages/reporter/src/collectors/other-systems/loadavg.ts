/** Load averages from Node's os module, on every system that has any. */
import os from 'node:os';
import type { Collector } from '../collector.ts';
import { writeLoad } from '../loadavg.ts';

export function createSystemLoadCollector(): Collector {
  return {
    name: 'loadavg',
    collect(out) {
      const [one = 0, five = 0, fifteen = 0] = os.loadavg();
      writeLoad(out, [one, five, fifteen]);
    },
  };
}
