/**
 * The reporter's composition root: builds every part in the order of the data and joins them.
 *
 *     collectors ─► sampler ─► spool ─► link ══► gateway
 */
import { randomUUID } from 'node:crypto';
import { release } from 'node:os';
import { Backoff } from '@tributary/shared/backoff';
import { systemClock } from '@tributary/shared/clock';
import type { Labels } from '@tributary/shared/shape';
import { formatDuration } from '@tributary/shared/units';
import { createAppend } from './append.ts';
import { buildInfo } from './build-info.ts';
import { createClockSteps } from './clock-steps.ts';
import type { Collector } from './collectors/collector.ts';
import { createCollectors } from './collectors/list.ts';
import type { ReporterOptions } from './config.ts';
import { createFeeds } from './feeds.ts';
import { createGatewayLink, routeOf, shownUrl, wayOf } from './gateway-link.ts';
import { createLabelWatch } from './label-watch.ts';
import type { Route } from './link/dial.ts';
import { LinkSession } from './link/session.ts';
import { logLink } from './link-log.ts';
import type { Log } from './log.ts';
import { createCounters, createOwnCollector, type ReporterCounters } from './own-series.ts';
import { createBootClock } from './sampler/boot-clock.ts';
import { createCpuShortage } from './sampler/cpu-shortage.ts';
import { Pace } from './sampler/pace.ts';
import { Sampler } from './sampler/sampler.ts';
import { Timekeeper } from './sampler/timekeeper.ts';
import { SeriesBudget } from './series-budget.ts';
import { Spool } from './spool/spool.ts';
import { createTick } from './tick.ts';
import { Ticker } from './ticker.ts';
import { VERSION } from './version.ts';

export interface Reporter {
  /** Takes no more ticks, says goodbye, and closes the spool. */
  stop(): Promise<void>;
  /** See `Collector.isStuck`. */
  isStuck(): boolean;
}

const BACKOFF_INITIAL_MS = 500;
const BACKOFF_MAX_MS = 15_000;

/**
 * @throws SpoolOpenError when the spool's folder cannot be used; OptionError, before anything is begun, when the
 * environment's proxy cannot.
 */
export function startReporter(
  options: ReporterOptions,
  log: Log,
  route: Route = routeOf(options, process.env),
): Reporter {
  const run = randomUUID();
  const counters = createCounters();
  const spool = openSpool(options, log);
  const bootClock = createBootClock(options['path.procfs'], run);
  const time = new Timekeeper(() => systemClock.now(), bootClock, spool.clock);
  const clockSteps = createClockSteps(spool, time, log);
  const pace = createPace(options, log);
  const budget = createBudget(counters, log);
  const observer = logLink(log, counters, shownUrl(options), wayOf(options));
  const { credentials, stream } = createGatewayLink({ options, route, log, observer });
  const session = stream.start(
    (effects) =>
      new LinkSession(
        {
          spool,
          host: options.host,
          run,
          agent: `tributary-reporter/${VERSION}`,
          os: `${process.platform} ${release()}`,
          backoff: new Backoff({ initialMs: BACKOFF_INITIAL_MS, maxMs: BACKOFF_MAX_MS, random: Math.random }),
          credentials,
          wall: () => systemClock.now(),
          monotonic: () => performance.now(),
          onWelcome: (clock, roundTripMs, { seriesMax }) => {
            budget.limit(seriesMax);
            // The wish was that of the connection before; this one may have another.
            pace.wish(0);
            clockSteps.note(time.welcome(clock, roundTripMs));
            if (time.gatewayClock !== null) spool.noteClock(time.gatewayClock);
            clockSteps.settle();
            ticker.first();
          },
          onFuture: () => time.doubt(),
          onPace: (wishMs) => pace.wish(wishMs),
          observer,
        },
        effects,
      ),
  );
  const intervalMs = () => pace.intervalMs;
  const own = createOwnCollector({
    version: VERSION,
    counters,
    isStreaming: () => session.isStreaming,
    correctionMs: () => time.correctionMs,
    intervalMs,
    spool: () => spool,
  });
  const feeds = createFeeds({ options, log, monotonic: () => bootClock.now(), now: () => time.now() });
  const others = [own, ...feeds.flatMap((feed) => feed.own ?? [])];
  const sampler = createSampler(options, log, { others, counters });
  const watchLabels = createLabelWatch(options.label, log);
  const append = createAppend({ spool, session, time, counters, log, intervalMs, clockSteps });
  const ticker = new Ticker({
    host: options.host,
    now: () => time.now(),
    intervalMs,
    onMissed: () => counters.missedTicks++,
    monotonic: () => performance.now(),
    onTick: createTick({ time, clockSteps, pace, counters, feeds, sampler, budget, append, watchLabels }),
  });
  for (const feed of feeds) feed.start();
  ticker.start();
  logStart(options, log);
  return {
    async stop() {
      await Promise.all(feeds.map((feed) => feed.stop()));
      await ticker.stop();
      await stream.stop('shutdown');
      spool.close();
    },
    isStuck: () => sampler.isStuck,
  };
}

function logStart(options: ReporterOptions, log: Log): void {
  const { host, interval } = options;
  const shown = interval === 'auto' ? interval : formatDuration(interval);
  log.info({ host, gateway: shownUrl(options), interval: shown, version: VERSION }, 'reporter started');
}

function createPace({ interval, 'path.procfs': procRoot }: ReporterOptions, log: Log): Pace {
  return new Pace({
    interval,
    shortage: createCpuShortage(procRoot),
    monotonic: () => performance.now(),
    onChange: (fromMs, toMs, why) =>
      log.info(
        { interval: formatDuration(toMs), before: formatDuration(fromMs), why },
        `the pace is ${toMs > fromMs ? 'slower' : 'quicker'} now`,
      ),
  });
}

export interface SamplerParts {
  /** Besides those that the options choose. */
  readonly others?: readonly Collector[];
  /** True when there will be one tick only. */
  readonly once?: boolean;
  readonly counters?: Pick<ReporterCounters, 'leftOut'>;
}

/** A sampler of the chosen collectors and the given others. */
export function createSampler(options: ReporterOptions, log: Log, parts: SamplerParts = {}): Sampler {
  const { others = [], once = false, counters = createCounters() } = parts;
  const labels: Labels = { job: 'node', ...Object.fromEntries(options.label) };
  const collectors = createCollectors({
    roots: { proc: options['path.procfs'], sys: options['path.sysfs'], root: options['path.rootfs'] },
    platform: process.platform,
    enabled: options.collectors,
    settings: options.collectorSettings,
    now: () => systemClock.now(),
    once,
    warnOfFile: (path, reason) => log.warn({ path, reason }, 'a textfile is not served'),
  });
  const toldOf = new Map<string, string>();
  return new Sampler({
    collectors: [...collectors, ...others],
    labels,
    buildInfo: buildInfo(VERSION),
    monotonic: () => performance.now(),
    intervalOf: (collector) => options.collectorIntervals.get(collector) ?? 0,
    onOutcome: (collector, error) => {
      if (error === null) log.info({ collector }, 'collector recovered');
      else log.warn({ collector, error: error.message }, 'collector failed');
    },
    onLeftOut: (collector, { series, reason }) => {
      counters.leftOut.set(collector, (counters.leftOut.get(collector) ?? 0) + series);
      if (toldOf.get(collector) === reason) return;
      toldOf.set(collector, reason);
      log.warn({ collector, series, reason }, 'series of a collector are left out');
    },
  });
}

function createBudget({ overLimit }: ReporterCounters, log: Log): SeriesBudget {
  return new SeriesBudget({
    onLeftOut: (source, { samples, series, seriesMax }) => {
      // The first time is told, and the counter goes on.
      if (!overLimit.has(source))
        log.warn(
          { source, series, seriesMax },
          'the host has more series than a gateway takes; some are left out',
        );
      overLimit.set(source, (overLimit.get(source) ?? 0) + samples);
    },
  });
}

function openSpool(options: ReporterOptions, log: Log): Spool {
  const spool = new Spool({
    folder: options['spool.path'],
    retentionMs: options['spool.retention.time'],
    bytesMax: options['spool.retention.size'],
    keepAckedMs: options['spool.keep-acked'],
    now: systemClock.now(),
  });
  if (spool.setAside !== null)
    log.error({ movedTo: spool.setAside }, 'the spool was damaged; a new one was begun');
  nameHost(spool, options.host, log);
  return spool;
}

function nameHost(spool: Spool, host: string, log: Log): void {
  try {
    const before = spool.nameHost(host);
    if (before === null) return;
    log.warn(
      { host, before },
      'the spool is that of another host name: what was acked under it is left behind',
    );
  } catch (error) {
    spool.close();
    throw error;
  }
}
