/**
 * The reporter's composition root: builds every part in the order of the data and joins them.
 *
 *     collectors ─► sampler ─► spool ─► link ══► gateway
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { Backoff } from '@tributary/shared/backoff';
import { systemClock } from '@tributary/shared/clock';
import type { Labels } from '@tributary/shared/shape';
import { formatDuration } from '@tributary/shared/units';
import type { Collector } from './collectors/collector.ts';
import type { Column } from './collectors/columns.ts';
import { createCollectors } from './collectors/list.ts';
import type { ReporterOptions } from './config.ts';
import { LinkSession } from './link/session.ts';
import { Stream } from './link/stream.ts';
import { logLink } from './link-log.ts';
import type { Log } from './log.ts';
import { createCounters, createOwnCollector, type ReporterCounters } from './own-series.ts';
import { createBootClock } from './sampler/boot-clock.ts';
import { Sampler } from './sampler/sampler.ts';
import { Timekeeper } from './sampler/timekeeper.ts';
import { type Moment, Spool } from './spool/spool.ts';
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
/** Collectors of one tick get half the interval, and no more than this: what is late says little of its tick. */
const DEADLINE_MS_MAX = 2_500;

/** @throws SpoolOpenError when the spool's folder cannot be used. */
export function startReporter(options: ReporterOptions, log: Log): Reporter {
  const run = randomUUID();
  const counters = createCounters();
  const time = new Timekeeper(() => systemClock.now(), createBootClock(options['path.procfs'], run));
  const spool = openSpool(options, log);
  const restate = () => {
    const changed = spool.restate(time.boot, time.offset);
    log.warn(
      { batches: changed, correctionMs: time.correctionMs },
      'clock stepped: unsent batches were restated',
    );
  };
  let paceMs = 0;
  const stream = createStream(options, log);
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
          wall: () => systemClock.now(),
          monotonic: () => performance.now(),
          onWelcome: (clock, roundTripMs) => {
            if (time.welcome(clock, roundTripMs)) restate();
          },
          onPace: (intervalMs) => {
            paceMs = intervalMs;
          },
          observer: logLink(log, counters, options['gateway.url']),
        },
        effects,
      ),
  );
  const intervalMs = () => Math.max(options.interval, paceMs);
  const own = createOwnCollector({
    version: VERSION,
    counters,
    isStreaming: () => session.isStreaming,
    correctionMs: () => time.correctionMs,
    spool: () => spool,
  });
  const sampler = createSampler(options, log, own);
  const ticker = new Ticker({
    host: options.host,
    now: () => time.now(),
    intervalMs,
    onMissed: () => counters.missedTicks++,
    onTick: async () => {
      if (time.observe()) restate();
      const moment = time.moment();
      const columns = await sampler.sample(Math.min(DEADLINE_MS_MAX, intervalMs() / 2));
      append(moment, columns);
    },
  });
  const append = createAppend({ spool, session, time, counters, log, intervalMs });
  ticker.start();
  log.info(
    {
      host: options.host,
      gateway: options['gateway.url'],
      interval: formatDuration(options.interval),
      version: VERSION,
    },
    'reporter started',
  );
  return {
    async stop() {
      await ticker.stop();
      await stream.stop('shutdown');
      spool.close();
    },
    isStuck: () => sampler.isStuck,
  };
}

/** A sampler of the chosen collectors and the given others. */
export function createSampler(options: ReporterOptions, log: Log, ...others: readonly Collector[]): Sampler {
  const labels: Labels = { job: 'node', ...Object.fromEntries(options.label) };
  const collectors = createCollectors({
    roots: { proc: options['path.procfs'], sys: options['path.sysfs'], root: options['path.rootfs'] },
    platform: process.platform,
    enabled: options.collectors,
    now: () => systemClock.now(),
  });
  return new Sampler({
    collectors: [...collectors, ...others],
    labels,
    monotonic: () => performance.now(),
    onOutcome: (collector, error) => {
      if (error === null) log.info({ collector }, 'collector recovered');
      else log.warn({ collector, error: error.message }, 'collector failed');
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
  return spool;
}

function createStream(options: ReporterOptions, log: Log): Stream {
  const tokenFile = options['gateway.token-file'];
  let told = '';
  return new Stream({
    url: options['gateway.url'],
    token: () => (tokenFile === '' ? null : readFileSync(tokenFile, 'utf8').trim()),
    onConnectFailed: (message) => {
      // The same failure is told once, not at every try of a long night.
      if (message !== told) log.warn({ gateway: options['gateway.url'], error: message }, 'cannot connect');
      told = message;
    },
  });
}

interface AppendParts {
  readonly spool: Spool;
  readonly session: LinkSession;
  readonly time: Timekeeper;
  readonly counters: ReporterCounters;
  readonly log: Log;
  readonly intervalMs: () => number;
}

function createAppend({ spool, session, time, counters, log, intervalMs }: AppendParts) {
  let failing = '';
  return (moment: Moment, columns: readonly Column[]): void => {
    try {
      const willSend = session.isStreaming;
      const stepMs = Math.max(1, Math.floor(intervalMs() / 2));
      spool.append(moment, columns, { willSend, timeIsSure: time.isSure, stepMs });
      if (failing !== '') log.info('the spool takes batches again');
      failing = '';
    } catch (error) {
      counters.failedAppends++;
      const { message } = error as Error;
      if (message !== failing) log.error({ error: message }, 'the spool refused a batch; this tick is lost');
      failing = message;
      return;
    }
    session.appended();
  };
}
