/** `/api/v1/scrapers`: who scrapes, how far each is, and how one is set back or removed. */
import { quote } from '@tributary/shared/names';
import { formatDuration } from '@tributary/shared/units';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ScraperClients, SeenClient } from '../exposition/replay/clients.ts';
import type { ScraperObserver } from '../exposition/replay/observer.ts';
import type { ScraperReport, ScraperReports } from '../exposition/replay/reports.ts';
import type { Scrapers } from '../exposition/replay/scrapers.ts';
import { askedBy, only } from './access.ts';
import { failure, isoTime, success } from './envelope.ts';
import { MOMENT_FORMS, parseMoment } from './moment.ts';
import { QueryError, readQuery } from './query.ts';

export interface ScraperSources {
  readonly scrapers: Pick<Scrapers, 'remove' | 'rewind'>;
  readonly reports: ScraperReports;
  readonly clients: Pick<ScraperClients, 'of'>;
  readonly bounds: ReplayBounds;
  readonly observer: Pick<ScraperObserver, 'removed' | 'rewound'>;
  readonly now: () => number;
}

/** How much any scraper gets, whatever it asks for. */
export interface ReplayBounds {
  readonly windowMs: () => number;
  readonly pointsMax: () => number;
}

interface Named {
  Params: { name: string };
}

export function registerScrapers(app: FastifyInstance, sources: ScraperSources): void {
  const { scrapers, reports, clients, bounds, observer, now } = sources;
  app.get('/api/v1/scrapers', async () =>
    success((await reports.all()).map((report) => describe(report, clients))),
  );
  app.delete<Named>('/api/v1/scrapers/:name', only('admin'), async (request, reply) => {
    const { name } = request.params;
    if (!(await scrapers.remove(name))) return unknown(reply);
    observer.removed(name, askedBy(request));
    return success(null);
  });
  app.post<Named>('/api/v1/scrapers/:name/rewind', only('admin'), async (request, reply) => {
    const { name } = request.params;
    const asked = readTarget(request.url, now());
    const since = now() - bounds.windowMs();
    const to = Math.max(asked, since);
    if (!(await scrapers.rewind(name, to))) return unknown(reply);
    observer.rewound(name, to, askedBy(request));
    return success(to === asked ? { to: timeText(to) } : { to: timeText(to), ...cutTo(bounds, asked) });
  });
}

/** @throws QueryError */
function readTarget(url: string, now: number): number {
  const query = readQuery(url, ['to']);
  const at = query.read('to', (text) => parseMoment(text, now), MOMENT_FORMS);
  if (at === null) throw new QueryError(`to=TIME is missing; ${MOMENT_FORMS}`);
  if (at <= now) return at;
  throw new QueryError(
    `to cannot be ${quote(query.get('to') ?? '')}, which is after now (${timeText(now)}); ${MOMENT_FORMS}`,
  );
}

function cutTo({ windowMs }: ReplayBounds, asked: number): { asked: string; note: string } {
  const note = `the cursor is set to the beginning of the window: what is older than --replay.window (${formatDuration(windowMs())}) is not served`;
  return { asked: timeText(asked), note };
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}

function unknown(reply: FastifyReply) {
  return reply.code(404).send(failure('not_found', 'no such scraper; see /api/v1/scrapers'));
}

function describe(
  { cursor, lagMs, pending, intervalMs, budget }: ScraperReport,
  seen: ScraperSources['clients'],
) {
  const { key, createdAt, seenAt, servedSamples, takenSamples, expired } = cursor;
  const { clients, shared } = seen.of(key.name, key.selection);
  return {
    scraper: key.name,
    selection: key.selection,
    created: isoTime(createdAt),
    lastSeen: isoTime(seenAt),
    lagMs,
    pendingSamples: pending,
    servedSamples,
    takenSamples,
    expiredSamples: Object.fromEntries(expired),
    intervalMs,
    budgetPoints: budget,
    clients: clients.map(describeClient),
    sharedBy: shared === null ? null : { addresses: shared.addresses, seen: isoTime(shared.at) },
  };
}

function describeClient({ firstAt, lastAt, takesSeveral, ...client }: SeenClient) {
  return { ...client, severalPoints: takesSeveral, first: isoTime(firstAt), last: isoTime(lastAt) };
}
