/** The feeds of applications that the options ask for, in the order of the flags. */
import { parseLoopback } from '@tributary/shared/loopback';
import type { Feed } from '../collectors/feed.ts';
import { lateFeed } from '../collectors/late-feed.ts';
import type { ApplicationsLog } from './log.ts';
import { PUSH_PORT, type PushOptions, STATSD_PORT, type StatsdOptions } from './options.ts';

export interface ApplicationParts {
  readonly push: PushOptions;
  readonly statsd: StatsdOptions;
  /** Jobs of exporters that are forwarded. */
  readonly targetJobs: readonly string[];
  /** For what has to survive a restart. */
  readonly folder: string;
  readonly host: string;
  /** The reporter's own labels. */
  readonly statics: ReadonlyMap<string, string>;
  readonly log: ApplicationsLog;
  /** In ms since 1970, as well as it is known. */
  readonly now: () => number;
  /** The clock that `TickMoment.mono` is of. */
  readonly monotonic: () => number;
}

export interface PlannedFeed {
  readonly name: string;
  /** Another one when there has to be another feed. */
  readonly key: string;
  readonly create: () => Feed;
}

export function planApplications(parts: ApplicationParts): PlannedFeed[] {
  const { push, statsd, statics } = parts;
  const planned: PlannedFeed[] = [];
  const labels = [...statics];
  if (push.listenAddress !== '') {
    const key = JSON.stringify([push, labels, takenJobs(parts)]);
    planned.push({ name: 'push', key, create: () => pushFeed(parts) });
  }
  if (statsd.listenUdp !== '')
    planned.push({ name: 'statsd', key: JSON.stringify([statsd, labels]), create: () => statsdFeed(parts) });
  return planned;
}

/** Of what the reporter tells itself: series that are pushed under the same job would be told twice. */
export function takenJobs({ statsd, targetJobs }: Pick<ApplicationParts, 'statsd' | 'targetJobs'>): string[] {
  return [...new Set(['node', ...(statsd.listenUdp === '' ? [] : ['statsd']), ...targetJobs])];
}

function pushFeed(parts: ApplicationParts): Feed {
  const { push, folder, host, statics, log, now, monotonic } = parts;
  const load = async () => {
    const { PushFeed } = await import('./push/push-feed.ts');
    return new PushFeed({
      address: parseLoopback(push.listenAddress, PUSH_PORT, String),
      expireAfterMs: push.expireAfterMs,
      folder,
      host,
      statics,
      takenJobs: takenJobs(parts),
      log,
      moment: () => ({ now: now(), mono: monotonic() }),
      monotonic,
      cpuMs: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1000;
      },
    });
  };
  return lateFeed('push', load, log);
}

function statsdFeed({ statsd, statics, log }: ApplicationParts): Feed {
  const load = async () => {
    const { StatsdFeed } = await import('./statsd/statsd-feed.ts');
    return new StatsdFeed({
      address: parseLoopback(statsd.listenUdp, STATSD_PORT, String),
      bounds: statsd.histogramBuckets,
      expireAfterMs: statsd.expireAfterMs,
      statics,
      log,
      monotonic: () => performance.now(),
    });
  };
  return lateFeed('statsd', load, log);
}
