/**
 * Reads the configuration anew: on SIGHUP, on `POST /-/reload`, and, when asked to, when it has changed. One that is not
 * valid changes nothing: what was in effect goes on, the log says why once, and a metric for as long as it lasts.
 */
import { ConfigFileError } from '@tributary/shared/config-file';
import { OptionError } from '@tributary/shared/options';
import type { GatewayOptions } from './config.ts';
import type { Settings } from './settings.ts';
import type { Log } from './telemetry/log.ts';

export interface ReloadingParts {
  readonly settings: Settings;
  /** Reads flags, environment and file as at the start. @throws OptionError */
  readonly load: () => Promise<GatewayOptions>;
  /** Has what is followed by itself be looked at now: the web configuration. Never fails. */
  readonly lookAround: () => Promise<void>;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** In ms since 1970. */
  readonly now: () => number;
  /** Errors that are the gateway's own fault. */
  readonly onFault: (error: unknown) => void;
}

/** For the metrics. */
export interface ReloadFacts {
  readonly lastReloadSuccessful: boolean;
  /** In ms since 1970. */
  readonly lastReloadSuccessAt: number;
}

const BAD = 'the configuration cannot be taken; the one before goes on';
const WAITING = 'these options take a restart, and stay as they were until then';

export class Reloading {
  readonly #parts: ReloadingParts;
  #facts: ReloadFacts;
  #last: Promise<unknown> = Promise.resolve();
  /** What was told last of what is wrong, or waits for a restart; '' for nothing. */
  #told = '';
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: ReloadingParts) {
    this.#parts = parts;
    this.#facts = { lastReloadSuccessful: true, lastReloadSuccessAt: parts.now() };
  }

  get facts(): ReloadFacts {
    return this.#facts;
  }

  /**
   * One at a time, in the order in which they were asked for.
   * @param cause for the log; null for a look that is no news unless something has changed.
   * @throws OptionError when the configuration is not valid
   */
  reload(cause: string | null): Promise<void> {
    const run = this.#last.then(() => this.#reload(cause));
    this.#last = run.catch(() => {});
    return run;
  }

  /** Looks now and then, as `--config.auto-reload-interval` says. */
  start(): void {
    const everyMs = this.#parts.settings.options['config.auto-reload-interval'];
    if (everyMs === 0) return;
    const look = () =>
      void this.reload(null).catch((error: unknown) => {
        if (!(error instanceof OptionError)) this.#parts.onFault(error);
      });
    this.#timer = setInterval(look, everyMs);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #reload(cause: string | null): Promise<void> {
    const { load, lookAround, log, settings, now } = this.#parts;
    let options: GatewayOptions;
    try {
      options = await load();
    } catch (error) {
      if (error instanceof OptionError) this.#fail(error, cause);
      throw error;
    }
    if (cause !== null) await lookAround();
    const wasBad = !this.#facts.lastReloadSuccessful;
    const { changed, waiting } = settings.apply(options);
    const isNews = cause !== null || wasBad || changed.length > 0;
    if (isNews) {
      this.#facts = { lastReloadSuccessful: true, lastReloadSuccessAt: now() };
      log.info({ cause: cause ?? 'it has changed', changed }, 'the configuration was read anew');
    }
    const text = waiting.join();
    if (waiting.length > 0 && (cause !== null || text !== this.#told))
      log.warn({ options: waiting }, WAITING);
    this.#told = text;
  }

  #fail(error: OptionError, cause: string | null): void {
    this.#facts = { ...this.#facts, lastReloadSuccessful: false };
    if (cause === null && error.message === this.#told) return;
    this.#told = error.message;
    const mistakes = error instanceof ConfigFileError ? error.lines : [error.message];
    this.#parts.log.error({ cause: cause ?? 'it has changed', mistakes }, BAD);
  }
}
