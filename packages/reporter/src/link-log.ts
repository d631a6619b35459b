/**
 * What happens on the link, as log lines and counters: each event once, repeated faults summed up by their counters. A
 * gateway may be away for a night, and refuse or reject the same thing at every try of it.
 */
import type { LinkObserver } from './link/observer.ts';
import type { Log } from './log.ts';
import type { ReporterCounters } from './own-series.ts';

/** Different rejects that are told in a process's life. */
const REJECTS_TOLD_MAX = 100;
/** Codes of one counter. They come from the gateway; there are a dozen. */
const KEYS_MAX = 64;

/** What a person has to do, by what the gateway said; each of these is waited for. */
const REMEDIES: Readonly<Record<string, string>> = {
  HTTP_401: 'give it a token that the gateway knows (--gateway.token-file)',
  HTTP_403:
    'give it a token of the kind host or join (--gateway.token-file); without any, a gateway takes reporters of its own machine only',
  HTTP_429:
    'too many bad credentials came from this address, or a proxy is asked too much: give it a token that the gateway knows (--gateway.token-file), and look at the other hosts behind the address',
  UNAUTHORIZED: 'the token is not for this host: put one that is into the token file, or change --host',
  REVOKED: 'put a new token into the token file',
  NAME_TAKEN:
    'another host has this name: choose another --host; if it is this very host, give it a host token of its name in the token file',
  VERSION: 'upgrade the reporter or the gateway, and start it again',
};
const OTHER_REMEDY = 'put right what the gateway complains of';

export interface LinkLog extends LinkObserver {
  /** A connection could not be made. */
  connectFailed(message: string): void;
}

export function logLink(log: Log, counters: ReporterCounters, gateway: string): LinkLog {
  const told = new Told();
  const rejectsTold = new Set<string>();
  let lastSkip = { to: -1, reason: '' };
  return {
    connectFailed(message) {
      if (told.isNew('connect', message)) {
        log.warn(
          { gateway, error: message },
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
      if (parked) {
        if (!told.isNew('parked', `${refusal} ${reason}`)) return;
        const todo = REMEDIES[refusal ?? ''] ?? OTHER_REMEDY;
        log.error(
          { gateway, code, reason, refusal, todo },
          'refused; samples are kept, and it is tried again every few minutes, and at once when the token changes',
        );
      } else if (refusal === 'HTTP_401') {
        if (told.isNew('denied', reason))
          log.warn(
            { gateway, reason },
            'the token that the gateway gave this host is refused; another is tried',
          );
      } else if (wasStreaming) log.warn({ gateway, code, reason, retryInMs: pauseMs }, 'disconnected');
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
      // The message may say how long it has been so; the code says what.
      if (told.isNew('refused', code)) {
        const level = code === 'DRAINING' ? 'info' : 'warn';
        log[level]({ code, message, retryAfterMs }, 'the gateway refused the connection');
      }
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
