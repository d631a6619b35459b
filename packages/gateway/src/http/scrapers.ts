/** `/api/v1/scrapers`: who scrapes, how far each is, and how one is set back or removed. */
import { parseDuration } from '@tributary/shared/units';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ScraperReport, ScraperReports } from '../exposition/replay/reports.ts';
import type { Scrapers } from '../exposition/replay/scrapers.ts';
import { failure, isoTime, success } from './api.ts';

export interface ScraperSources {
  readonly scrapers: Pick<Scrapers, 'remove' | 'rewind'>;
  readonly reports: ScraperReports;
  readonly now: () => number;
}

export function registerScrapers(app: FastifyInstance, { scrapers, reports, now }: ScraperSources): void {
  app.get('/api/v1/scrapers', async () => success((await reports.all()).map(describe)));
  app.delete<{ Params: { name: string } }>('/api/v1/scrapers/:name', async (request, reply) => {
    if (!(await scrapers.remove(request.params.name))) return unknown(reply);
    return success(null);
  });
  app.post<{ Params: { name: string }; Querystring: { to?: string } }>(
    '/api/v1/scrapers/:name/rewind',
    async (request, reply) => {
      const at = parseMoment(request.query.to ?? '', now());
      if (at === null) {
        const hint =
          'give to=TIME as seconds since 1970, as an RFC 3339 time, or as a duration before now such as 30m';
        return reply.code(400).send(failure('bad_data', hint));
      }
      if (!(await scrapers.rewind(request.params.name, at))) return unknown(reply);
      return success({ to: isoTime(at) });
    },
  );
}

/** @returns ms since 1970; null for what is no moment up to now. */
export function parseMoment(text: string, now: number): number | null {
  const at = readMoment(text, now);
  return at !== null && Number.isFinite(at) && at >= 0 && at <= now ? Math.round(at) : null;
}

function readMoment(text: string, now: number): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return Date.parse(text);
  const ago = parseDuration(text);
  return ago === undefined ? null : now - ago;
}

function unknown(reply: FastifyReply) {
  return reply.code(404).send(failure('not_found', 'no such scraper; see /api/v1/scrapers'));
}

function describe({ cursor, lagMs, pending, intervalMs, budget }: ScraperReport) {
  const { key, createdAt, seenAt, servedSamples, takenSamples, expired } = cursor;
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
  };
}
