/** Wires the parts of the replay: cursors, what is served from them, and what is told of them. */
import { systemClock } from '@tributary/shared/clock';
import { formatDuration } from '@tributary/shared/units';
import type { GatewayOptions } from './config.ts';
import { ScrapeConnections } from './exposition/replay/connection.ts';
import { Replays } from './exposition/replay/replay.ts';
import { ScraperReports } from './exposition/replay/reports.ts';
import { NAMES_MAX, Scrapers } from './exposition/replay/scrapers.ts';
import { CONNECTIONS_MAX } from './exposition/replay/unnamed.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { ReplayBounds } from './http/scrapers.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { ShapeRegistry } from './link/shape-registry.ts';
import type { Log } from './telemetry/log.ts';

export interface ReplayingParts {
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly shapes: ShapeRegistry;
  readonly options: GatewayOptions;
  readonly log: Log;
  readonly uptimeMs: () => number;
}

export interface Replaying {
  readonly scrapers: Scrapers;
  readonly replays: Replays;
  readonly reports: ScraperReports;
  readonly connections: ScrapeConnections;
  readonly bounds: ReplayBounds;
  readonly now: () => number;
}

const TOO_MANY =
  'too many scrapers: this one gets the newest points only; remove one that is gone (DELETE /api/v1/scrapers/NAME)';

const TOO_MANY_CONNECTIONS =
  'too many connections of scrapers without a name: those beyond get the newest points only; give the scraper a name (params: scraper: [NAME])';

export function createReplaying({
  ledger,
  fleet,
  shapes,
  options,
  log,
  uptimeMs,
}: ReplayingParts): Replaying {
  const retentionMs = options['storage.retention.time'];
  const windowMs = Math.min(options['replay.window'], retentionMs);
  if (windowMs < options['replay.window']) {
    const text = 'is longer than --storage.retention.time; what is older than that is not there to be served';
    log.warn({ retention: formatDuration(retentionMs) }, `--replay.window ${text}`);
  }
  const pointsMax = options['replay.max-points'];
  const hosts = () => fleet.hosts().map(({ name }) => name);
  const overlapMs = options['replay.overlap'];
  const shared = { ledger, clock: systemClock, uptimeMs, windowMs, pointsMax, overlapMs };
  const once = onlyOnce();
  const scrapers = new Scrapers({
    ...shared,
    hosts,
    onFault: (error) => log.error({ err: error }, 'a cursor could not be removed from the ledger'),
    onTooMany: (name) => once(name, () => log.warn({ scraper: name, namesMax: NAMES_MAX }, TOO_MANY)),
    onTooManyConnections: (address) =>
      once(`@${address}`, () => log.warn({ address, connectionsMax: CONNECTIONS_MAX }, TOO_MANY_CONNECTIONS)),
  });
  const replays = new Replays({ ...shared, fleet, shapes, scrapers, order: options['replay.order'] });
  const now = () => systemClock.now();
  const reports = new ScraperReports({ scrapers, ledger, hosts, now, pointsMax });
  const connections = new ScrapeConnections(uptimeMs);
  return { scrapers, replays, reports, connections, bounds: { windowMs, pointsMax }, now };
}

/** Calls for each key once; after many keys, always. */
function onlyOnce(): (key: string, tell: () => void) => void {
  const told = new Set<string>();
  return (key, tell) => {
    if (told.has(key)) return;
    if (told.size < NAMES_MAX) told.add(key);
    tell();
  };
}
