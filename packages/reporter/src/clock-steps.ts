/**
 * Joins the clock and the spool: a step of the clock is due to be settled until the disk has taken it, and nothing is
 * sent before.
 */
import { STEP_MS, type Timekeeper } from './sampler/timekeeper.ts';
import type { Spool } from './spool/spool.ts';

/** All that is wanted of a log here. */
export interface WarningLog {
  warn(fields: object, message: string): void;
}

export interface ClockSteps {
  /** To be called with what each look at the clock gave. */
  note(stepped: boolean): void;
  /** Restates what is unsent if that is due. @throws SpoolError; it stays due then. */
  settle(): void;
}

export function createClockSteps(spool: Spool, time: Timekeeper, log: WarningLog): ClockSteps {
  // It may have stepped while no reporter ran.
  const before = spool.offsetOf(time.boot);
  let isDue = before !== null && Math.abs(before - time.offset) > STEP_MS;
  // What earlier boots left can be judged once the time is sure, and must be before it is sent.
  let earlierIsDue = true;
  return {
    note(stepped) {
      isDue ||= stepped;
    },
    settle() {
      const { boot, offset, isSure } = time;
      let batches = 0;
      if (isDue) batches += spool.restate(boot, offset, isSure);
      if (isSure && (isDue || earlierIsDue)) {
        batches += spool.restateEarlier(time.moment());
        earlierIsDue = false;
      }
      isDue = false;
      // Where nothing waited, nobody need look at their clocks.
      if (batches === 0) return;
      log.warn({ batches, correctionMs: time.correctionMs }, 'clock stepped: unsent batches were restated');
    },
  };
}
