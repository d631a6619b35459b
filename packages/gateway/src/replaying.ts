/** Wires the parts of the replay: cursors, what is served from them, and what is told of them. */
import { systemClock } from '@tributary/shared/clock';
import { formatDuration } from '@tributary/shared/units';
import type { GatewayOptions } from './config.ts';
import { ScraperClients } from './exposition/replay/clients.ts';
import { ScrapeConnections } from './exposition/replay/connection.ts';
import type { ScraperObserver } from './exposition/replay/observer.ts';
import { Replays } from './exposition/replay/replay.ts';
import { ScraperReports } from './exposition/replay/reports.ts';
import { Scrapers } from './exposition/replay/scrapers.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { ReplayBounds } from './http/scrapers.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { ShapeRegistry } from './link/shape-registry.ts';
import { observeScrapers } from './scraper-events.ts';
import type { Straining } from './straining.ts';
import type { Log } from './telemetry/log.ts';

export interface ReplayingParts {
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly shapes: ShapeRegistry;
  readonly options: GatewayOptions;
  readonly log: Log;
  readonly uptimeMs: () => number;
  /** See straining.ts. */
  readonly straining: Pick<Straining, 'level'>;
}

export interface Replaying {
  readonly scrapers: Scrapers;
  readonly replays: Replays;
  readonly reports: ScraperReports;
  readonly clients: ScraperClients;
  readonly connections: ScrapeConnections;
  readonly bounds: ReplayBounds;
  readonly observer: ScraperObserver;
  readonly now: () => number;
}

export function createReplaying({
  ledger,
  fleet,
  shapes,
  options,
  log,
  uptimeMs,
  straining,
}: ReplayingParts): Replaying {
  const windowMs = () => Math.min(options['replay.window'], options['storage.retention.time']);
  const pointsMax = () => options['replay.max-points'];
  tellShortRetention(options, log);
  const hosts = () => fleet.hosts().map(({ name }) => name);
  const overlapMs = options['replay.overlap'];
  const shared = { ledger, clock: systemClock, uptimeMs, windowMs, overlapMs };
  const now = () => systemClock.now();
  const clients = new ScraperClients();
  const observer = observeScrapers({ log, clients, now, uptimeMs });
  const scrapers = new Scrapers({
    ...shared,
    hosts,
    onFault: (error) => log.error({ err: error }, 'a cursor could not be removed from the ledger'),
    observer,
  });
  const replays = new Replays({
    ...shared,
    fleet,
    shapes,
    scrapers,
    // What presses on the gateway most is a body.
    pointsMax: () => Math.ceil(pointsMax() / 2 ** straining.level),
    order: () => options['replay.order'],
  });
  const reports = new ScraperReports({ scrapers, ledger, hosts, now, pointsMax });
  const connections = new ScrapeConnections(uptimeMs);
  const bounds = { windowMs, pointsMax };
  return { scrapers, replays, reports, clients, connections, bounds, observer, now };
}

/** At the start, and whenever one of the two has changed. */
export function tellShortRetention(
  options: Pick<GatewayOptions, 'replay.window' | 'storage.retention.time'>,
  log: Pick<Log, 'warn'>,
): void {
  const retentionMs = options['storage.retention.time'];
  if (retentionMs >= options['replay.window']) return;
  const text = 'is longer than --storage.retention.time; what is older than that is not there to be served';
  log.warn({ retention: formatDuration(retentionMs) }, `--replay.window ${text}`);
}
