/**
 * What happens on the link, as log lines and counters: each event once, repeated faults summed up by their counters. A
 * gateway may be away for a night, and refuse or reject the same thing at every try of it.
 */
import type { LinkObserver } from './link/observer.ts';
import { hintForFailure, remedyFor, type Way } from './link-remedies.ts';
import type { Log } from './log.ts';
import type { ReporterCounters } from './own-series.ts';

/** Different rejects that are told in a process's life. */
const REJECTS_TOLD_MAX = 100;
/** Codes of one counter. They come from the gateway; there are a dozen. */
const KEYS_MAX = 64;

export interface LinkLog extends LinkObserver {
  /** A connection could not be made. */
  connectFailed(message: string): void;
}

export function logLink(log: Log, counters: ReporterCounters, gateway: string, way: Way): LinkLog {
  const told = new Told();
  /** In the gateway's own words, of this connection. */
  let why = '';
  const rejectsTold = new Set<string>();
  let lastSkip = { to: -1, reason: '' };
  return {
    connectFailed(message) {
      if (told.isNew('connect', message)) {
        log.warn(
          { gateway, error: message + hintForFailure(message, way) },
          'cannot connect; samples are kept in the spool, and it tries again',
        );
      }
    },
    connected(backlog) {
      counters.connects++;
      for (const kind of ['connect', 'parked', 'denied']) told.forget(kind);
      log.info({ gateway, backlog }, 'connected');
    },
    disconnected({ code, reason, wasStreaming, parked, pauseMs, refusal }) {
      if (refusal?.startsWith('HTTP_')) add(counters.refusals, refusal, 1);
      const words = why === '' ? reason : why;
      why = '';
      if (parked) {
        if (told.isNew('parked', `${refusal} ${reason} ${words}`)) {
          const todo = remedyFor(refusal ?? '', words, way);
          const text = `refused; samples are kept, and it is ${untilWhen(pauseMs, way)}`;
          log.error({ gateway, code, reason: words, refusal, todo }, text);
        }
      } else if (refusal === 'HTTP_401') {
        if (told.isNew('denied', reason))
          log.warn(
            { gateway, reason },
            'the token that the gateway gave this host is refused; another is tried',
          );
      } else if (wasStreaming)
        log[refusal === 'DRAINING' ? 'info' : 'warn'](
          { gateway, code, reason, retryInMs: pauseMs },
          'disconnected',
        );
      else log.debug({ gateway, code, reason, retryInMs: pauseMs }, 'not connected');
    },
    sent(_seq, bytes) {
      counters.sentBatches++;
      counters.sentBytes += bytes;
    },
    acked(seq) {
      told.forget('refused');
      told.forget('failed');
      log.debug({ seq }, 'acked');
    },
    rejected({ seq, group, code, message }) {
      add(counters.rejects, code, 1);
      // A bad series is bad in every batch, and what is wrong with a time is said with another number in each.
      const key = code === 'FUTURE' ? code : `${code} ${message}`;
      if (rejectsTold.has(key) || rejectsTold.size >= REJECTS_TOLD_MAX) return;
      rejectsTold.add(key);
      log.warn({ seq, group, code, message }, 'the gateway rejected samples');
      if (rejectsTold.size === REJECTS_TOLD_MAX) log.warn('further rejects are only counted');
    },
    refused({ code, message, retryAfterMs }) {
      add(counters.refusals, code, 1);
      why = message;
      if (code === 'DRAINING') {
        if (told.isNew('refused', `${code} ${message}`))
          log.info({ message, retryAfterMs }, 'the gateway asks this host to connect again later');
      } else if (told.isNew('refused', code))
        // The message may say how long it has been so; the code says what.
        log.warn({ code, message, retryAfterMs }, 'the gateway refused the connection');
    },
    skipped(from, to, reason) {
      add(counters.skips, reason, to - from + 1);
      // A host whose every batch is too large says so once.
      const goesOn = reason === lastSkip.reason && from === lastSkip.to + 1;
      lastSkip = { to, reason };
      if (!goesOn) log.warn({ from, to, reason }, 'batches were passed');
    },
    newEpoch(why) {
      lastSkip = { to: -1, reason: '' };
      log.warn({ why }, 'a new epoch was begun');
    },
    confused(message) {
      if (told.isNew('confused', message)) {
        log.error({ gateway, error: message }, 'the gateway said something that cannot be understood');
      }
    },
    failed(message) {
      if (told.isNew('failed', message))
        log.error({ error: message }, "nothing can be sent: the spool's folder fails");
    },
  };
}

function untilWhen(pauseMs: number, { certFile }: Way): string {
  const changes = certFile === '' ? 'the token changes' : 'the token or the client certificate changes';
  return Number.isFinite(pauseMs)
    ? `tried again every few minutes, and at once when ${changes}`
    : `not tried again until ${changes} or it is restarted`;
}

/** What was said last of each kind. */
class Told {
  readonly #last = new Map<string, string>();

  isNew(kind: string, text: string): boolean {
    if (this.#last.get(kind) === text) return false;
    this.#last.set(kind, text);
    return true;
  }

  forget(kind: string): void {
    this.#last.delete(kind);
  }
}

function add(counts: Map<string, number>, code: string, count: number): void {
  const key = counts.has(code) || counts.size < KEYS_MAX ? code : 'OTHER';
  counts.set(key, (counts.get(key) ?? 0) + count);
}
