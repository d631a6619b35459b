/** What happens on the link, told to the fleet, the metrics and the log. */

import type { Fleet } from './fleet/fleet.ts';
import type { Forget } from './forgetting.ts';
import { plainAddress } from './limits/address-key.ts';
import type { HostLimit } from './limits/limit-name.ts';
import { TokenBucket } from './limits/token-bucket.ts';
import type { LinkObserver } from './link/observer.ts';
import { lossTeller } from './loss-lines.ts';
import type { Log } from './telemetry/log.ts';
import type { GatewayMetrics } from './telemetry/metrics.ts';
import { Told } from './telemetry/told.ts';

export interface LinkListeners {
  readonly fleet: Fleet;
  readonly forget: Forget;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
  /** Milliseconds that never step. */
  readonly uptimeMs: () => number;
  /** A host has left for good. */
  readonly left: (host: string) => void;
}

/** Different rejects of one host of which the log has told; beyond, only the counters go on. */
const REJECTS_TOLD_MAX = 32;
/** Hosts of which that is remembered. */
const HOSTS_TOLD_MAX = 10_000;

const REFUSALS_TOLD_MAX = 10_000;
const REFUSAL_AGAIN_MS = 60_000;
const REFUSAL_LINES_PER_SECOND = 1;
const REFUSAL_LINES_SAVED = 100;

/** What the log says, once for each host. Of the other limits it says what was turned away. */
const SLOWED: Readonly<Partial<Record<HostLimit, string>>> = {
  samples:
    'the host sends more than --limits.samples-per-second: it is slowed, and what waits is in its spool; nothing is lost for that',
  new_series:
    'the host brings more new series than --limits.new-series-per-minute: it is slowed; does a label of it have ever new values?',
};

export function observeLink({ fleet, forget, metrics, log, left, uptimeMs }: LinkListeners): LinkObserver {
  const tellRefusal = refusalTeller(log, uptimeMs);
  const tellLosses = lossTeller(log, uptimeMs);
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
    opened(hello, from, skewMs) {
      const address = plainAddress(from);
      fleet.opened(hello, address, skewMs);
      log.info({ host: hello.host, epoch: hello.epoch, address, agent: hello.agent }, 'host connected');
    },
    settled(host, entries) {
      fleet.settled(host, entries);
      tellLosses(host, entries);
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
    refused(host, code, message, from) {
      const address = plainAddress(from);
      metrics.refusal(code);
      if (code === 'DUPLICATE_HOST') fleet.rivalled(host, address);
      if (code === 'FRAME_TOO_LARGE') this.limited(host, 'frame_bytes');
      // Going down is no news for each of ten thousand hosts.
      if (code === 'DRAINING') log.debug({ host, address, code, message }, 'connection refused');
      else tellRefusal(host, code, message, address);
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

/**
 * The log's line for a refusal: for each host, code and address once a minute, and no more than a few in all, for whoever is refused
 * may come again at once, and under any name.
 */
function refusalTeller(log: Log, uptimeMs: () => number): LinkObserver['refused'] {
  const told = new Told(REFUSALS_TOLD_MAX, REFUSAL_AGAIN_MS, uptimeMs);
  const lines = new TokenBucket(REFUSAL_LINES_PER_SECOND, REFUSAL_LINES_SAVED, uptimeMs());
  let others = 0;
  return (host, code, message, address) => {
    const now = uptimeMs();
    // A new connection has another port.
    const untold = told.untoldOf(`${host} ${code} ${address.replace(/:\d+$/, '')}`);
    if (untold === null) return;
    if (!lines.has(1, now)) {
      others++;
      return;
    }
    lines.take(1, now);
    const before = { ...(untold === 0 ? {} : { untold }), ...(others === 0 ? {} : { others }) };
    others = 0;
    log.warn({ host, address, code, message, ...before }, 'connection refused');
  };
}
