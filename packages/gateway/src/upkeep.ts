/** What is done now and then: stale points go, lost hosts are forgotten, cursors are saved, the ledger makes room. */
import { systemClock } from '@tributary/shared/clock';
import type { GatewayOptions } from './config.ts';
import { Backlogs, type Lag } from './exposition/replay/backlogs.ts';
import type { ScraperObserver } from './exposition/replay/observer.ts';
import type { Scrapers } from './exposition/replay/scrapers.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Forget } from './forgetting.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Log } from './telemetry/log.ts';
import type { GatewayMetrics } from './telemetry/metrics.ts';

const EXPIRE_EVERY_MS = 5_000;
const TRIM_EVERY_MS = 30_000;
const SAVE_EVERY_MS = 5_000;
const BACKLOGS_EVERY_MS = 15_000;

const TOO_SMALL =
  'the ledger passed --storage.retention.size: entries younger than --storage.retention.time were removed; give it more room or a shorter time';

const FULL =
  'the ledger is full of samples that scrapers have not taken: nothing is taken from hosts, which keep theirs; is Prometheus scraping? Give --storage.retention.size more room, or remove a scraper that is gone (DELETE /api/v1/scrapers/NAME)';

export interface UpkeepParts {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly scrapers: Pick<Scrapers, 'save' | 'undelivered'>;
  readonly reports: { all(): Promise<readonly Lag[]> };
  readonly observer: Pick<ScraperObserver, 'caughtUp'>;
  readonly uptimeMs: () => number;
  readonly forget: Forget;
  /** True also for a host that is about to be welcomed. */
  readonly isConnected: (host: string) => boolean;
  readonly options: GatewayOptions;
  readonly log: Log;
  readonly metrics: Pick<GatewayMetrics, 'trimmed'>;
}

export interface Upkeep {
  /** True while the ledger has no room for more, since all that it holds is undelivered. */
  readonly isFull: boolean;
  stop(): void;
}

export function startUpkeep(parts: UpkeepParts): Upkeep {
  const { fleet, ledger, scrapers, reports, observer, forget, isConnected, options, log, metrics, uptimeMs } =
    parts;
  const tell = (what: string) => (error: Error) => log.error({ error: error.message }, what);
  const expire = async () => {
    for (const host of fleet.expire()) {
      // The one before may have taken its time, and this one may have come back.
      if (!fleet.isForgettable(host) || isConnected(host)) continue;
      await forget(host, 'host was not seen for long and is forgotten');
    }
  };
  let isFull = false;
  let trimming = false;
  const trim = async () => {
    // A clock that is wrong must not decide what is old.
    if (trimming || fleet.clockIsWrong()) return;
    trimming = true;
    try {
      const now = systemClock.now();
      const { age, size, full, failure } = await ledger.trim({
        olderThan: now - options['storage.retention.time'],
        bytesMax: options['storage.retention.size'],
        undelivered: await scrapers.undelivered(),
        keepSince: now - options['replay.window'],
      });
      if (full !== null && full !== isFull) {
        isFull = full;
        if (full) log.error({ bytesMax: options['storage.retention.size'] }, FULL);
        else log.info('the ledger has room again');
      }
      metrics.trimmed('age', age);
      metrics.trimmed('size', size);
      if (age > 0) log.debug({ removed: age }, 'ledger trimmed');
      if (size > 0) log.warn({ removed: size, bytesMax: options['storage.retention.size'] }, TOO_SMALL);
      if (failure !== null) throw failure;
    } finally {
      trimming = false;
    }
  };
  let saving = false;
  const save = async () => {
    // While the disk refuses commits, saves wait behind them; one of them is enough.
    if (saving) return;
    saving = true;
    try {
      await scrapers.save();
    } finally {
      saving = false;
    }
  };
  const backlogs = new Backlogs(options['replay.overlap']);
  const lookAtBacklogs = async () => {
    for (const { scraper, mostMs } of backlogs.look(await reports.all(), uptimeMs()))
      observer.caughtUp(scraper, mostMs);
  };
  const timers = [
    setInterval(() => expire().catch(tell('cannot forget hosts')), EXPIRE_EVERY_MS),
    setInterval(() => save().catch(tell('cannot save the cursors of scrapers')), SAVE_EVERY_MS),
    setInterval(() => lookAtBacklogs().catch(tell('cannot look at scrapers')), BACKLOGS_EVERY_MS),
    setInterval(() => trim().catch(tell('cannot trim the ledger')), TRIM_EVERY_MS),
  ];
  return {
    get isFull() {
      return isFull;
    },
    stop: () => timers.forEach(clearInterval),
  };
}
