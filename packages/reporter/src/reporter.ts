/**
 * The reporter's composition root: builds every part in the order of the data and joins them.
 *
 *     collectors ─► sampler ─► spool ─► link ══► gateway
 */
import { randomUUID } from 'node:crypto';
import { release } from 'node:os';
import { Reloading } from '@tributary/program/reloading';
import { Settings } from '@tributary/program/settings';
import { Backoff } from '@tributary/shared/backoff';
import { systemClock } from '@tributary/shared/clock';
import type { WireLimits } from '@tributary/shared/limits';
import { formatDuration } from '@tributary/shared/units';
import { createAppend } from './append.ts';
import { createClockSteps } from './clock-steps.ts';
import { isInner, isLive, type ReporterOptions } from './config.ts';
import { createGatewayLink, routeOf, shownUrl, wayOf } from './gateway-link.ts';
import type { Route } from './link/dial.ts';
import { type LinkEffects, LinkSession, type SessionOptions } from './link/session.ts';
import { logLink } from './link-log.ts';
import type { Log } from './log.ts';
import { type OpenWebParts, openWeb } from './open-web.ts';
import { createCounters, createOwnCollector } from './own-series.ts';
import { createBootClock } from './sampler/boot-clock.ts';
import { Timekeeper } from './sampler/timekeeper.ts';
import { Sampling } from './sampling.ts';
import { Spool } from './spool/spool.ts';
import { Standing } from './standing.ts';
import { createStraining } from './straining.ts';
import { VERSION } from './version.ts';
import type { WebListener } from './web/web-listener.ts';

export interface Reporter {
  /**
   * Reads the configuration anew. @param cause for the log
   * @returns the options that take a restart
   * @throws OptionError when it is not valid; what was in effect goes on
   */
  reload(cause: string): Promise<readonly string[]>;
  /** Takes no more ticks, says goodbye, and closes the spool. */
  stop(): Promise<void>;
  /** True while a call of the system that nothing can cancel has not come back; `process.exit` would wait for it. */
  isStuck(): boolean;
}

/** Where the configuration is read anew from. */
export interface ConfigSource {
  /** @throws OptionError */
  readonly load: () => Promise<ReporterOptions>;
  /** Told of the options once some of them have changed. */
  readonly onChange: (options: ReporterOptions) => void;
}

const BACKOFF_INITIAL_MS = 500;
const BACKOFF_MAX_MS = 15_000;

/**
 * @throws SpoolOpenError when the spool's folder cannot be used; OptionError, before anything is begun, when the
 * environment's proxy cannot; ListenError when `--web.listen-address` cannot be listened on.
 */
export async function startReporter(
  given: ReporterOptions,
  log: Log,
  source: ConfigSource = { load: () => Promise.resolve(given), onChange() {} },
  route: Route = routeOf(given, process.env),
): Promise<Reporter> {
  const run = randomUUID();
  const settings = new Settings(given, isLive);
  const { options } = settings;
  const reloading = createReloading(settings, source, log);
  const counters = createCounters();
  const straining = createStraining(options, log);
  const spool = openSpool(options, log);
  const bootClock = createBootClock(options['path.procfs'], run);
  const time = new Timekeeper(() => systemClock.now(), bootClock, spool.clock);
  const clockSteps = createClockSteps(spool, time, log);
  const intervalMs = () => sampling.intervalMs;
  const standing = new Standing(intervalMs);
  const reload = (cause: string) => reloading.reload(cause);
  // Whoever asks is answered when all is there: from here on nothing is waited for.
  const web = await openWebOrClose(spool, {
    ...{ options, run, spool, time, reloading, standing, log, reload },
    session: () => session,
    newest: (mono) => sampling.newest(mono),
  });
  const observer = logLink(log, counters, shownUrl(options), wayOf(options));
  const { credentials, stream } = createGatewayLink({ options, route, log, observer });
  const onWelcome = (clock: number, roundTripMs: number, { seriesMax }: WireLimits) => {
    sampling.welcomed(seriesMax);
    clockSteps.note(time.welcome(clock, roundTripMs));
    if (time.gatewayClock !== null) spool.noteClock(time.gatewayClock);
    clockSteps.settle();
    sampling.first();
  };
  const session = stream.start((effects) => {
    const told = { onWelcome, onFuture: () => time.doubt(), onPace: (ms: number) => sampling.wish(ms) };
    return createSession({ spool, host: options.host, run, credentials, observer, ...told }, effects);
  });
  const own = createOwnCollector({
    version: VERSION,
    counters,
    isStreaming: () => session.isStreaming,
    correctionMs: () => time.correctionMs,
    intervalMs,
    spool: () => spool,
    reload: () => reloading.facts,
    strain: () => straining.level,
  });
  const onTaken = (fault: string) => standing.note(fault);
  const append = createAppend({ spool, session, time, counters, log, intervalMs, clockSteps, onTaken });
  const common = { settings, straining, log, counters, time, bootClock, clockSteps };
  const others = web === null ? [] : [web.own];
  const sampling: Sampling = new Sampling({ ...common, own, append, others });
  sampling.start();
  reloading.start();
  logStart(options, log);
  return {
    reload,
    async stop() {
      reloading.stop();
      straining.stop();
      await web?.close();
      await sampling.stop();
      await stream.stop('shutdown');
      spool.close();
    },
    isStuck: () => sampling.isStuck || reloading.isStuck,
  };
}

async function openWebOrClose(spool: Spool, parts: OpenWebParts): Promise<WebListener | null> {
  try {
    return await openWeb(parts);
  } catch (error) {
    spool.close();
    throw error;
  }
}

/** What the session is given here and not by whoever starts it. */
type Given = 'agent' | 'os' | 'backoff' | 'wall' | 'monotonic';

function createSession(options: Omit<SessionOptions, Given>, effects: LinkEffects): LinkSession {
  return new LinkSession(
    {
      ...options,
      agent: `tributary-reporter/${VERSION}`,
      os: `${process.platform} ${release()}`,
      backoff: new Backoff({ initialMs: BACKOFF_INITIAL_MS, maxMs: BACKOFF_MAX_MS, random: Math.random }),
      wall: () => systemClock.now(),
      monotonic: () => performance.now(),
    },
    effects,
  );
}

function createReloading(
  settings: Settings<ReporterOptions>,
  { load, onChange }: ConfigSource,
  log: Log,
): Reloading<ReporterOptions> {
  settings.onChange(() => onChange(settings.options));
  return new Reloading({
    program: 'reporter',
    settings,
    load,
    everyMs: settings.options['config.auto-reload-interval'],
    isInner,
    log,
    now: () => systemClock.now(),
    onFault: (error) => log.error({ err: error }, 'internal error'),
  });
}

function logStart(options: ReporterOptions, log: Log): void {
  const { host, interval } = options;
  const shown = interval === 'auto' ? interval : formatDuration(interval);
  const { pid } = process;
  log.info({ host, gateway: shownUrl(options), interval: shown, version: VERSION, pid }, 'reporter started');
}

function openSpool(options: ReporterOptions, log: Log): Spool {
  const spool = new Spool({
    folder: options['spool.path'],
    get retentionMs() {
      return options['spool.retention.time'];
    },
    get bytesMax() {
      return options['spool.retention.size'];
    },
    get keepAckedMs() {
      return options['spool.keep-acked'];
    },
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
