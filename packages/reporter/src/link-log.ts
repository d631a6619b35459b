/** What happens on the link, as log lines and counters: each event once, repeated faults summed up by their counters. */
import type { LinkObserver } from './link/observer.ts';
import type { Log } from './log.ts';
import type { ReporterCounters } from './own-series.ts';

export function logLink(log: Log, counters: ReporterCounters, gateway: string): LinkObserver {
  const rejectsTold = new Set<string>();
  return {
    connected(backlog) {
      counters.connects++;
      log.info({ gateway, backlog }, 'connected');
    },
    disconnected({ code, reason, wasStreaming, parked, pauseMs }) {
      if (parked)
        log.error({ gateway, code, reason }, 'refused; it will not try again until it is restarted');
      else if (wasStreaming) log.warn({ gateway, code, reason, retryInMs: pauseMs }, 'disconnected');
      else log.debug({ gateway, code, reason, retryInMs: pauseMs }, 'not connected');
    },
    sent(_seq, bytes) {
      counters.sentBatches++;
      counters.sentBytes += bytes;
    },
    acked(seq) {
      log.debug({ seq }, 'acked');
    },
    rejected({ seq, group, code, message }) {
      add(counters.rejects, code, 1);
      // A bad series is bad in every batch: the counter goes on, the log has said it.
      const key = `${code} ${message}`;
      if (rejectsTold.has(key)) return;
      if (rejectsTold.size < 1000) rejectsTold.add(key);
      log.warn({ seq, group, code, message }, 'the gateway rejected samples');
    },
    refused({ code, message, retryAfterMs }) {
      add(counters.refusals, code, 1);
      log.warn({ code, message, retryAfterMs }, 'the gateway refused the connection');
    },
    skipped(from, to, reason) {
      add(counters.skips, reason, to - from + 1);
      log.warn({ from, to, reason }, 'batches were passed');
    },
    newEpoch(why) {
      log.warn({ why }, 'a new epoch was begun');
    },
    confused(message) {
      log.error({ gateway, error: message }, 'the gateway said something that cannot be understood');
    },
  };
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
