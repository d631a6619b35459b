/** The feeds that the options ask for: see collectors/feed.ts. They can come, go and change while the reporter runs. */
import { systemClock } from '@tributary/shared/clock';
import { type ApplicationParts, type PlannedFeed, planApplications } from './applications/feeds.ts';
import type { Collector } from './collectors/collector.ts';
import type { Feed, TickMoment } from './collectors/feed.ts';
import { type LateFeed, lateFeed } from './collectors/late-feed.ts';
import type { ReporterOptions } from './config.ts';
import type { Log } from './log.ts';
import type { Gathered } from './series-budget.ts';
import { checkTargets } from './targets/check-targets.ts';
import type { TargetsFeed } from './targets/targets-feed.ts';
import { VERSION } from './version.ts';

export interface FeedParts {
  /** Those in effect, read anew at each `update`. */
  readonly options: ReporterOptions;
  readonly log: Log;
  /** The clock that `TickMoment.mono` is of. */
  readonly monotonic: () => number;
  /** See `Pace.paced`. */
  readonly paced: (intervalMs: number) => number;
  /** In ms since 1970, corrected as ticks are. */
  readonly now: () => number;
}

interface Running {
  readonly name: string;
  readonly key: string;
  readonly feed: Feed;
}

export class Feeds {
  readonly #parts: FeedParts;
  #targets: LateFeed<TargetsFeed> | null = null;
  #running: readonly Running[];
  /** Stopped, and what they have gathered is still to be handed over. */
  #leaving: Running[] = [];
  /** Of all that were stopped so far: an address is free only then. */
  #stopping: Promise<unknown> = Promise.resolve();
  #isStarted = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#running = this.#plan().map(({ name, key, create }) => ({ name, key, feed: create() }));
  }

  /** What tells of the feeds themselves. */
  get own(): readonly Collector[] {
    return this.#running.flatMap(({ feed }) => feed.own ?? []);
  }

  start(): void {
    this.#isStarted = true;
    for (const { feed } of this.#running) feed.start();
  }

  /** Does what the options say now. A feed of which they say the same goes on. */
  update(): void {
    const before = this.#running;
    const planned = this.#plan();
    const stays = ({ name, key }: Running) =>
      planned.some((other) => other.name === name && other.key === key);
    const gone = before.filter((running) => !stays(running));
    this.#leaving.push(...gone);
    this.#stopping = Promise.all([this.#stopping, ...gone.map(({ feed }) => feed.stop())]);
    this.#running = planned.map(({ name, key, create }) => {
      const known = before.find((other) => other.name === name && other.key === key);
      return known ?? { name, key, feed: this.#begin(create()) };
    });
    const { options } = this.#parts;
    if (options.targets.length === 0) this.#targets = null;
    this.#targets?.loaded?.update(checkTargets(options.targets, options));
  }

  /** See `Feed.take`. */
  take(moment: TickMoment): readonly Gathered[] {
    const leaving = this.#leaving;
    this.#leaving = [];
    const running = this.#running.map(({ name, feed }) => ({ name, feeds: [feed] }));
    for (const { name, feed } of leaving) {
      const successor = running.find((other) => other.name === name);
      // One after the other, for both may tell the same series.
      if (successor === undefined) running.push({ name, feeds: [feed] });
      else successor.feeds.unshift(feed);
    }
    return running.map(({ name, feeds }) => ({
      source: name,
      layers: feeds.flatMap((feed) => feed.take(moment)),
    }));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#stopping, ...this.#running.map(({ feed }) => feed.stop())]);
  }

  /** What was there before may have the address that this one is to have. */
  #begin(feed: Feed): Feed {
    if (!this.#isStarted) return feed;
    let isStopped = false;
    const started = this.#stopping.then(() => {
      if (!isStopped) feed.start();
    });
    return {
      ...(feed.own === undefined ? {} : { own: feed.own }),
      start() {},
      take: (moment) => feed.take(moment),
      async stop() {
        isStopped = true;
        await started;
        await feed.stop();
      },
    };
  }

  #plan(): PlannedFeed[] {
    const { options } = this.#parts;
    const applications = planApplications(this.#applicationParts());
    if (options.targets.length === 0) return applications;
    const create = () => {
      this.#targets = this.#createTargets();
      return this.#targets;
    };
    return [...applications, { name: 'targets', key: '', create }];
  }

  #applicationParts(): ApplicationParts {
    const { options, log, monotonic, now } = this.#parts;
    return {
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
    };
  }

  #createTargets(): LateFeed<TargetsFeed> {
    const { options, log, monotonic, paced } = this.#parts;
    const load = async () => {
      const { TargetsFeed } = await import('./targets/targets-feed.ts');
      return new TargetsFeed({
        targets: checkTargets(options.targets, options),
        host: options.host,
        userAgent: `tributary-reporter/${VERSION}`,
        log,
        monotonic,
        paced,
        wall: () => systemClock.now(),
      });
    };
    return lateFeed('targets', load, log);
  }
}
