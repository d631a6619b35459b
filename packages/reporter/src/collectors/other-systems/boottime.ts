/** When the host was started, as node_exporter's collector of that name tells it on macOS and the BSDs; on Linux stat does. */
import os from 'node:os';
import type { Collector } from '../collector.ts';

/** The uptime is of whole seconds on some systems: what differs by less is no other boot. */
const STEP_SECONDS = 2;

/** @param uptime seconds; other than the system's only in tests. */
export function createBootTimeCollector(now: () => number, uptime: () => number = os.uptime): Collector {
  let told: number | null = null;
  return {
    name: 'boottime',
    collect(out) {
      const seconds = Math.round(now() / 1000 - uptime());
      // A clock that is set moves the boot with it, so that the uptime stays right.
      if (told === null || Math.abs(seconds - told) > STEP_SECONDS) told = seconds;
      out.family('node_boot_time_seconds', 'gauge', 'Unix time of last boot, including microseconds.');
      out.add(told);
    },
  };
}
