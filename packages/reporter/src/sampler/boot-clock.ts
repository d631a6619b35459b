/** The clock of this boot. */
import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import type { BootClock } from './timekeeper.ts';

/**
 * On Linux the kernel names each boot, and `os.uptime()` counts through suspends there (/proc/uptime, 10 ms fine).
 * Elsewhere every process counts as a boot of its own, on Node's fine clock, which may stand still in a suspend; what it
 * missed is seen by the system's uptime, which is coarse there but counts on.
 * @param run names this process.
 */
export function createBootClock(procRoot: string, run: string): BootClock {
  try {
    const boot = readFileSync(join(procRoot, 'sys/kernel/random/boot_id'), 'utf8').trim();
    // Containers share the kernel's boot id, and may share nothing else.
    return { boot: `${boot}@${hostname()}`, now: () => Math.round(uptime() * 1000) };
  } catch {
    return {
      boot: run,
      now: createSuspendProofClock(
        () => performance.now(),
        () => uptime() * 1000,
      ),
    };
  }
}

/** A suspend shorter than this is not told from the uptime's coarseness. */
const SUSPEND_MS_MIN = 3_000;

/**
 * @param fine milliseconds that only rise, and may stand still in a suspend.
 * @param uptime milliseconds that count through it, a second or so fine.
 */
export function createSuspendProofClock(fine: () => number, uptime: () => number): () => number {
  const ahead = uptime() - fine();
  let sleptMs = 0;
  return () => {
    const now = fine();
    const missedMs = uptime() - now - ahead - sleptMs;
    if (missedMs > SUSPEND_MS_MIN) sleptMs += missedMs;
    return Math.round(now + sleptMs);
  };
}
