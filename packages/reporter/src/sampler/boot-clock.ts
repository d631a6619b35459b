/** The clock of this boot. */
import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import type { BootClock } from './timekeeper.ts';

/**
 * On Linux the kernel names each boot, and `os.uptime()` counts through suspends there (/proc/uptime, 10 ms fine).
 * Elsewhere neither is certain: every process then counts as a boot of its own, on a clock that may stand still in a
 * suspend, which costs precision of what is restated and nothing else.
 * @param run names this process.
 */
export function createBootClock(procRoot: string, run: string): BootClock {
  try {
    const boot = readFileSync(join(procRoot, 'sys/kernel/random/boot_id'), 'utf8').trim();
    // Containers share the kernel's boot id, and may share nothing else.
    return { boot: `${boot}@${hostname()}`, now: () => Math.round(uptime() * 1000) };
  } catch {
    return { boot: run, now: () => Math.round(performance.now()) };
  }
}
