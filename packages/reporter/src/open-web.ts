/** Opens `--web.listen-address`, if it is given, on what the reporter knows of itself. */
import type { Reloading } from '@tributary/program/reloading';
import { parseHostPort } from '@tributary/shared/loopback';
import type { Column } from './collectors/columns.ts';
import { type ReporterOptions, WEB_PORT } from './config.ts';
import { shownUrl } from './gateway-link.ts';
import type { LinkSession } from './link/session.ts';
import type { Log } from './log.ts';
import type { Timekeeper } from './sampler/timekeeper.ts';
import type { Spool } from './spool/spool.ts';
import type { Standing } from './standing.ts';
import { renderText } from './text-format.ts';
import { VERSION } from './version.ts';
import type { Exposition, WebListener } from './web/web-listener.ts';

export interface OpenWebParts {
  readonly options: ReporterOptions;
  readonly run: string;
  readonly spool: Spool;
  readonly session: () => LinkSession;
  readonly time: Timekeeper;
  readonly reloading: Reloading<ReporterOptions>;
  readonly standing: Standing;
  readonly log: Log;
  /** See `Sampler.newest`. */
  readonly newest: (mono: number) => readonly Column[];
  readonly reload: (cause: string) => Promise<readonly string[]>;
}

/** The address could not be listened on. `message` says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** @returns null when it is not asked for. @throws ListenError */
export async function openWeb(parts: OpenWebParts): Promise<WebListener | null> {
  const { options, time, standing, log, newest, reload } = parts;
  const given = options['web.listen-address'];
  if (given === '') return null;
  // Late, because most reporters have none.
  const { WebListener } = await import('./web/web-listener.ts');
  const startedAt = new Date().toISOString();
  let shown: (Exposition & { readonly tick: number }) | null = null;
  const metrics = () => {
    const { tick } = standing;
    if (tick === 0) return null;
    const { at, mono } = time.moment();
    // Until the next sample it is the same, timestamps included.
    if (shown?.tick !== tick) shown = { tick, text: renderText(newest(mono), at) };
    return shown;
  };
  const web = new WebListener({
    metrics,
    profiles: options['web.enable-profiles'],
    notReady: () => standing.notReady,
    status: () => ({ ...statusOf(parts), startedAt }),
    reload,
    onFault: (error) => log.error({ err: error }, 'internal error'),
  });
  const address = parseHostPort(given, WEB_PORT);
  try {
    const port = await web.listen(address);
    log.info({ address: `${address.host}:${port}` }, 'the reporter can be asked');
    return web;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'in use by another program; stop it, or give another port' : message;
    throw new ListenError(`cannot listen on ${given}: ${why} (--web.listen-address)`, { cause: error });
  }
}

function statusOf({ options, run, spool, session, standing, reloading }: OpenWebParts): object {
  const { bytes, epoch, oldest, next, acked, delivered, dropped } = spool;
  const { lastReloadSuccessful, lastReloadSuccessAt } = reloading.facts;
  const { sampledAgoMs } = standing;
  return {
    version: VERSION,
    host: options.host,
    run,
    pid: process.pid,
    gateway: { url: shownUrl(options), connected: session().isStreaming, parked: session().isParked },
    sampledAgoSeconds: sampledAgoMs === null ? null : sampledAgoMs / 1000,
    spool: {
      ...{ epoch, oldest, next, acked, delivered, bytes },
      bytesMax: options['spool.retention.size'],
      dropped: Object.fromEntries(dropped),
    },
    config: { lastReloadSuccessful, lastReloadSuccessAt: new Date(lastReloadSuccessAt).toISOString() },
  };
}
