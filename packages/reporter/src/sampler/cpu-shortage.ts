/**
 * Whether the host is short of CPU. Linux says for how much of the last ten seconds some task waited for one
 * (https://docs.kernel.org/accounting/psi.html); where it does not, the load average has to do, a minute old as it is.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Shortage } from './pace.ts';

/** Shares of the time in which some task waited. */
const WAITING_SHORT = 0.5;
const WAITING_CALM = 0.2;
/** Tasks that run or wait, for each CPU. */
const LOAD_SHORT = 2;
const LOAD_CALM = 1;

export function createCpuShortage(procRoot: string): () => Shortage {
  const path = join(procRoot, 'pressure/cpu');
  return () => {
    const waiting = readWaiting(path);
    if (waiting !== null) return judge(waiting, WAITING_SHORT, WAITING_CALM);
    return judge((loadavg()[0] ?? 0) / availableParallelism(), LOAD_SHORT, LOAD_CALM);
  };
}

function judge(value: number, short: number, calm: number): Shortage {
  if (value >= short) return 'short';
  return value < calm ? 'calm' : 'between';
}

function readWaiting(path: string): number | null {
  try {
    return parseWaiting(readFileSync(path, 'utf8'));
  } catch {
    // No such file, or one that a kernel booted with psi=0 does not let be read.
    return null;
  }
}

/** From `some avg10=1.53 avg60=…`: a share from 0 to 1; null when there is no such line. */
export function parseWaiting(text: string): number | null {
  const percent = /^some avg10=(\d+(?:\.\d+)?) /m.exec(text)?.[1];
  return percent === undefined ? null : Number(percent) / 100;
}
