/** What happens on the link, told to the fleet, the metrics and the log. */
import type { Fleet } from './fleet/fleet.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LinkObserver } from './link/observer.ts';
import type { Log } from './telemetry/log.ts';
import type { GatewayMetrics } from './telemetry/metrics.ts';

export interface LinkListeners {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/** Different rejects of which the log has told; beyond, only the counters go on. */
const REJECTS_TOLD_MAX = 10_000;

export function observeLink({ fleet, ledger, metrics, log }: LinkListeners): LinkObserver {
  const told = new Set<string>();
  return {
    frame: metrics.frame,
    opened(hello, address) {
      fleet.opened(hello, address);
      log.info({ host: hello.host, epoch: hello.epoch, address, agent: hello.agent }, 'host connected');
    },
    settled(host, entries) {
      fleet.settled(host, entries);
      for (const entry of entries) {
        if (entry.kind !== 'tombstone' || entry.reason.startsWith('expired:')) continue;
        const { seq, lastSeq, reason } = entry;
        log.warn({ host, seq, lastSeq, reason }, 'settled without samples');
      }
    },
    dropped(host, reason, samples) {
      fleet.dropped(host, reason, samples);
    },
    rejected(host, code, message) {
      fleet.rejected(host, code);
      metrics.reject(code);
      // A bad series is bad in every batch: the counter goes on, the log has said it.
      const key = `${host} ${code} ${message}`;
      if (told.has(key)) return;
      if (told.size < REJECTS_TOLD_MAX) told.add(key);
      log.warn({ host, code, message }, 'samples rejected');
    },
    refused(host, code, message) {
      metrics.refusal(code);
      log.warn({ host, code, message }, 'connection refused');
    },
    closed(host) {
      fleet.closed(host);
      log.info({ host }, 'host disconnected');
    },
    left(host) {
      fleet.forget(host);
      ledger.forget(host).then(
        () => log.info({ host }, 'host left and was forgotten'),
        (error: Error) => log.error({ host, error: error.message }, 'host left but could not be forgotten'),
      );
    },
  };
}
