/** What happens on the link, told to the fleet, the metrics and the log. */
import type { Fleet } from './fleet/fleet.ts';
import type { Forget } from './forgetting.ts';
import type { HostLimit } from './limits/limit-name.ts';
import type { LinkObserver } from './link/observer.ts';
import type { Log } from './telemetry/log.ts';
import type { GatewayMetrics } from './telemetry/metrics.ts';

export interface LinkListeners {
  readonly fleet: Fleet;
  readonly forget: Forget;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
  /** A host has left for good. */
  readonly left: (host: string) => void;
}

/** Different rejects of one host of which the log has told; beyond, only the counters go on. */
const REJECTS_TOLD_MAX = 32;
/** Hosts of which that is remembered. */
const HOSTS_TOLD_MAX = 10_000;

/** What the log says, once for each host. Of the other limits it says what was turned away. */
const SLOWED: Readonly<Partial<Record<HostLimit, string>>> = {
  samples:
    'the host sends more than --limits.samples-per-second: it is slowed, and what waits is in its spool; nothing is lost for that',
  new_series:
    'the host brings more new series than --limits.new-series-per-minute: it is slowed; does a label of it have ever new values?',
};

export function observeLink({ fleet, forget, metrics, log, left }: LinkListeners): LinkObserver {
  const told = new Map<string, Set<string>>();
  const isNews = (host: string, what: string): boolean => {
    if (told.size > HOSTS_TOLD_MAX) told.clear();
    const known = told.get(host) ?? new Set();
    told.set(host, known);
    if (known.has(what) || known.size >= REJECTS_TOLD_MAX) return false;
    known.add(what);
    return true;
  };
  return {
    frame: metrics.frame,
    greeted(host, skewMs) {
      fleet.greeted(host, skewMs);
    },
    opened(hello, address, skewMs) {
      fleet.opened(hello, address, skewMs);
      log.info({ host: hello.host, epoch: hello.epoch, address, agent: hello.agent }, 'host connected');
    },
    settled(host, entries) {
      fleet.settled(host, entries);
      for (const entry of entries) {
        // Rejects have been told of, drops are counted, and what expired was no loss.
        if (entry.kind !== 'tombstone' || !/^(gap|skipped):/.test(entry.reason)) continue;
        const { seq, lastSeq, reason } = entry;
        log.warn({ host, seq, lastSeq, reason }, 'samples are lost');
      }
    },
    dropped(host, reason, samples) {
      fleet.dropped(host, reason, samples);
    },
    rejected(host, code, message) {
      fleet.rejected(host, code);
      metrics.reject(code);
      // A bad series is bad in every batch: the counter goes on, the log has said it.
      if (isNews(host, `${code} ${message}`)) log.warn({ host, code, message }, 'samples rejected');
    },
    refused(host, code, message, address) {
      metrics.refusal(code);
      if (code === 'FRAME_TOO_LARGE') this.limited(host, 'frame_bytes');
      // Going down is no news for each of ten thousand hosts.
      log[code === 'DRAINING' ? 'debug' : 'warn']({ host, address, code, message }, 'connection refused');
    },
    limited(host, limit) {
      fleet.limited(host, limit);
      metrics.limited(limit);
      const what = SLOWED[limit];
      if (what !== undefined && isNews(host, `limit ${limit}`)) log.warn({ host, limit }, what);
    },
    slowed(host, limit, ms) {
      fleet.slowed(host, limit, ms);
    },
    closed(host) {
      fleet.closed(host);
      log.info({ host }, 'host disconnected');
    },
    left(host) {
      left(host);
      forget(host, 'host left and was forgotten').then(
        () => told.delete(host),
        (error: Error) => log.error({ host, error: error.message }, 'host left but could not be forgotten'),
      );
    },
  };
}
