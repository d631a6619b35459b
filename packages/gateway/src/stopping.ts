/** How the gateway ends: reporters are told, scrapes come to their end, and nothing that was acked is lost. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Scrapers } from './exposition/replay/scrapers.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LinkServer } from './link/server.ts';
import type { CredentialStore } from './trust/credentials/credential-store.ts';
import type { Upkeep } from './upkeep.ts';
import type { Web } from './web.ts';

/** For reporters to take their leave; the ledger must still be closed within the time a service manager allows. */
const DRAIN_MS_MAX = 2_000;
/** For scrapes that are under way to come to their end. */
const CLOSE_HTTP_MS_MAX = 2_000;
/** For the cursors to be saved; a disk that refuses would hold it up until it does not. */
const SAVE_MS_MAX = 2_000;

export interface Running {
  readonly reloading: { stop(): void };
  readonly straining: { stop(): void };
  readonly web: Web;
  readonly link: LinkServer;
  readonly app: FastifyInstance;
  readonly scrapers: Scrapers;
  readonly ledger: Ledger;
  readonly store: CredentialStore;
  readonly upkeep: Upkeep;
  readonly onFault: (error: unknown) => void;
}

/** Sends everyone away, saves what scrapers have taken, and closes the files. @param parts whose phase everybody asks for */
export async function stopAll(parts: { phase: string }, running: Running): Promise<void> {
  const { reloading, straining, web, link, app, scrapers, ledger, store, upkeep, onFault } = running;
  parts.phase = 'stopping';
  upkeep.stop();
  reloading.stop();
  straining.stop();
  web.stop();
  // Both at once: the server is closed only when the reporters are gone, too.
  await Promise.all([link.drain(DRAIN_MS_MAX), closeHttp(app)]);
  await saveInTime(scrapers, onFault);
  await ledger.close();
  store.close();
}

/** What cannot be saved is served again. */
async function saveInTime(scrapers: Scrapers, onFault: (error: unknown) => void): Promise<void> {
  const saved = scrapers.save().catch(onFault);
  await Promise.race([saved, delay(SAVE_MS_MAX, null, { ref: false })]);
}

/** Whoever is still reading a body then has to come again: the ledger must be closed in time. */
async function closeHttp(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_HTTP_MS_MAX);
  await app.close();
  clearTimeout(timer);
}
