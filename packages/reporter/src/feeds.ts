/** The feeds that the options ask for: see collectors/feed.ts. */
import { systemClock } from '@tributary/shared/clock';
import { createApplicationFeeds } from './applications/feeds.ts';
import type { Feed } from './collectors/feed.ts';
import { lateFeed } from './collectors/late-feed.ts';
import type { ReporterOptions } from './config.ts';
import type { Log } from './log.ts';
import { checkTargets } from './targets/check-targets.ts';
import { VERSION } from './version.ts';

export interface FeedParts {
  readonly options: ReporterOptions;
  readonly log: Log;
  /** The clock that `TickMoment.mono` is of. */
  readonly monotonic: () => number;
  /** In ms since 1970, corrected as ticks are. */
  readonly now: () => number;
}

export function createFeeds(parts: FeedParts): Feed[] {
  return [...createApplications(parts), ...createTargets(parts)];
}

function createApplications({ options, log, monotonic, now }: FeedParts): Feed[] {
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
    targetJobs: options.targets.map(({ job, labels }) => labels?.['job'] ?? job),
    folder: options['spool.path'],
    host: options.host,
    statics: options.label,
    log,
    now,
    monotonic,
  });
}

function createTargets({ options, log, monotonic }: FeedParts): Feed[] {
  if (options.targets.length === 0) return [];
  const targets = checkTargets(options.targets, options);
  const load = async () => {
    const { TargetsFeed } = await import('./targets/targets-feed.ts');
    return new TargetsFeed({
      targets,
      host: options.host,
      userAgent: `tributary-reporter/${VERSION}`,
      log,
      monotonic,
      wall: () => systemClock.now(),
    });
  };
  return [lateFeed('targets', load, log)];
}
