/** Puts each tick's layers into the spool, at the time that is known by then, and tells the link. */
import type { ClockSteps } from './clock-steps.ts';
import type { Layer } from './collectors/feed.ts';
import type { LinkSession } from './link/session.ts';
import type { ReporterCounters } from './own-series.ts';
import type { Timekeeper } from './sampler/timekeeper.ts';
import type { Spool } from './spool/spool.ts';
import { SpoolError } from './spool/spool-error.ts';

/** All that is wanted of a log here. */
export interface AppendLog {
  info(message: string): void;
  error(fields: object, message: string): void;
}

export interface AppendParts {
  readonly spool: Spool;
  readonly session: LinkSession;
  readonly time: Timekeeper;
  readonly counters: Pick<ReporterCounters, 'failedAppends'>;
  readonly log: AppendLog;
  readonly intervalMs: () => number;
  readonly clockSteps: ClockSteps;
  /** Told after each batch why the spool refused it; '' when it took it. */
  readonly onTaken: (fault: string) => void;
}

export function createAppend(parts: AppendParts) {
  const { spool, session, time, counters, log, intervalMs, clockSteps, onTaken } = parts;
  let failing = '';
  /** @param mono when the tick was taken; the offset may have changed since. */
  return (mono: number, layers: readonly Layer[]): void => {
    try {
      clockSteps.settle();
      const moment = { at: mono + time.offset, boot: time.boot, mono };
      const willSend = session.isStreaming;
      const stepMs = Math.max(1, Math.floor(intervalMs() / 2));
      spool.append(moment, layers, { willSend, timeIsSure: time.isSure, stepMs });
      if (failing !== '') log.info('the spool takes batches again');
      failing = '';
      onTaken('');
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      counters.failedAppends++;
      const { message } = error;
      if (message !== failing) log.error({ error: message }, 'the spool refused a batch; this tick is lost');
      failing = message;
      onTaken(message);
      return;
    }
    session.appended();
  };
}
