/** The feeds that the options ask for: see collectors/feed.ts. */
import { createApplicationFeeds } from './applications/feeds.ts';
import type { Feed } from './collectors/feed.ts';
import type { ReporterOptions } from './config.ts';
import type { Log } from './log.ts';

export interface FeedParts {
  readonly options: ReporterOptions;
  readonly log: Log;
  /** The clock that `TickMoment.mono` is of. */
  readonly monotonic: () => number;
  /** In ms since 1970, corrected as ticks are. */
  readonly now: () => number;
}

export function createFeeds({ options, log, monotonic, now }: FeedParts): Feed[] {
  return createApplicationFeeds({
    push: {
      listenAddress: options['push.listen-address'],
      expireAfterMs: options['push.expire-after'],
    },
    statsd: {
      listenUdp: options['statsd.listen-udp'],
      histogramBuckets: options['statsd.histogram-buckets'],
      expireAfterMs: options['statsd.expire-after'],
    },
    folder: options['spool.path'],
    host: options.host,
    statics: options.label,
    log,
    now,
    monotonic,
  });
}
