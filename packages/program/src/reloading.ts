/**
 * Reads the configuration anew: on SIGHUP, on `POST /-/reload`, and, when asked to, when it has changed. One that is not
 * valid changes nothing: what was in effect goes on, the log says why once, and a metric for as long as it lasts.
 *
 * A file is seldom written in one go. So a look by the clock takes what is new only when the next look finds the same.
 */
import { isDeepStrictEqual } from 'node:util';
import { ConfigFileError } from '@tributary/shared/config-file';
import { OptionError } from '@tributary/shared/options';
import type { Settings } from './settings.ts';

/** All that is wanted of a log here. */
export interface ReloadLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ReloadingParts<O extends object> {
  /** In messages: `gateway`. */
  readonly program: string;
  readonly settings: Settings<O>;
  /** Reads flags, environment and file as at the start. @throws OptionError */
  readonly load: () => Promise<O>;
  /** How often to look whether something is new, in ms; 0 for never. */
  readonly everyMs: number;
  /** Has the web configuration looked at now, which is followed by itself. @returns what is wrong with it */
  readonly lookAround?: () => Promise<string | null>;
  /** Names of options that the log is to leave out, since they stand for others. */
  readonly isInner?: (name: string) => boolean;
  readonly log: ReloadLog;
  /** In ms since 1970. */
  readonly now: () => number;
  /** Errors that are the program's own fault. */
  readonly onFault: (error: unknown) => void;
  /** For reading; longer takes only a mount that does not answer. */
  readonly timeoutMs?: number;
}

/** For the metrics. */
export interface ReloadFacts {
  readonly lastReloadSuccessful: boolean;
  /** In ms since 1970. */
  readonly lastReloadSuccessAt: number;
}

const BAD = 'the configuration cannot be taken; the one before goes on';
const WAITING = 'these options take a restart, and stay as they were until then';
const TIMEOUT_MS = 10_000;

export class Reloading<O extends object> {
  readonly #parts: ReloadingParts<O>;
  #facts: ReloadFacts;
  #last: Promise<unknown> = Promise.resolve();
  /** A read that has not come back. */
  #reading = false;
  #isStopped = false;
  /** What was told last of what is wrong, or waits for a restart; '' for nothing. */
  #told = '';
  #waiting: readonly string[] = [];
  /** What the last look by the clock found: new options, or what is wrong; null for nothing new. */
  #seen: O | string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: ReloadingParts<O>) {
    this.#parts = parts;
    this.#facts = { lastReloadSuccessful: true, lastReloadSuccessAt: parts.now() };
  }

  get facts(): ReloadFacts {
    return this.#facts;
  }

  /** Options that have other values than those in effect, and take a restart. */
  get waiting(): readonly string[] {
    return this.#waiting;
  }

  /** True while a file does not answer: the end of the process would wait for it, possibly for ever. */
  get isStuck(): boolean {
    return this.#reading;
  }

  /**
   * One at a time, in the order in which they were asked for.
   * @param cause for the log
   * @returns the options that take a restart
   * @throws OptionError when the configuration is not valid
   */
  reload(cause: string): Promise<readonly string[]> {
    const run = this.#last.then(() => this.#reload(cause));
    this.#last = run.catch(() => {});
    return run;
  }

  /** Looks now and then. */
  start(): void {
    const { everyMs } = this.#parts;
    if (everyMs === 0) return;
    this.#timer = setInterval(() => void this.look().catch(this.#parts.onFault), everyMs);
    this.#timer.unref();
  }

  /** What is under way changes nothing any more. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** A look by the clock: says nothing unless something is new. @throws what is no mistake in the configuration */
  look(): Promise<void> {
    if (this.#reading || this.#isStopped) return Promise.resolve();
    const look = this.#look();
    // A reload that is asked for meanwhile reads after it.
    this.#last = look.catch(() => {});
    return look;
  }

  async #look(): Promise<void> {
    try {
      const options = await this.#read();
      const news = this.#isNew(options) ? options : null;
      const isConfirmed = news !== null && isDeepStrictEqual(news, this.#seen);
      this.#seen = news;
      if (isConfirmed) this.#take(options, null);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      const isConfirmed = error.message === this.#seen;
      this.#seen = error.message;
      if (isConfirmed) this.#fail(error, null);
    }
  }

  /** Whether a configuration is other than the one in effect, or good after one that was not. */
  #isNew(options: O): boolean {
    return this.#parts.settings.differences(options).length > 0 || !this.#facts.lastReloadSuccessful;
  }

  async #reload(cause: string): Promise<readonly string[]> {
    let mistake: unknown = null;
    const options = await this.#read().catch((error: unknown) => {
      mistake = error;
      return null;
    });
    // Whatever the one says, the other is looked at.
    const fault = await this.#lookAround();
    if (options !== null && fault === null) return this.#take(options, cause);
    const error = mistake ?? new OptionError(fault ?? 'it cannot be read');
    this.#facts = { ...this.#facts, lastReloadSuccessful: false };
    if (error instanceof OptionError) this.#fail(error, cause);
    throw error;
  }

  async #lookAround(): Promise<string | null> {
    const { lookAround } = this.#parts;
    if (lookAround === undefined) return null;
    const looking = this.#inTime(lookAround(), 'the web configuration, or a file that it names,');
    return await looking.catch((error: Error) => error.message);
  }

  async #read(): Promise<O> {
    this.#refuseAtTheEnd();
    if (this.#reading)
      throw new OptionError('the configuration file is still being read; does its disk answer?');
    this.#reading = true;
    const reading = this.#parts.load().finally(() => {
      this.#reading = false;
    });
    return await this.#inTime(reading, 'the configuration file');
  }

  /** @throws OptionError when a disk does not answer */
  async #inTime<T>(reading: Promise<T>, what: string): Promise<T> {
    const { timeoutMs = TIMEOUT_MS } = this.#parts;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const error = new OptionError(`${what} was not read within ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => reject(error), timeoutMs);
    try {
      return await Promise.race([reading, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #take(options: O, cause: string | null): readonly string[] {
    this.#refuseAtTheEnd();
    const { log, settings, now, isInner = () => false } = this.#parts;
    const wasBad = !this.#facts.lastReloadSuccessful;
    const applied = settings.apply(options);
    const shown = (names: readonly string[]) => names.filter((name) => !isInner(name));
    const [changed, waiting] = [shown(applied.changed), shown(applied.waiting)];
    this.#facts = { lastReloadSuccessful: true, lastReloadSuccessAt: now() };
    this.#waiting = waiting;
    const text = waiting.join();
    if (cause !== null || changed.length > 0 || text !== this.#told)
      // Whoever reads of failures is to read of their end.
      log[wasBad ? 'warn' : 'info'](
        { cause: cause ?? 'it has changed', changed },
        'the configuration was read anew',
      );
    if (waiting.length > 0 && (cause !== null || text !== this.#told))
      log.warn({ options: waiting }, WAITING);
    this.#told = text;
    return waiting;
  }

  #fail(error: OptionError, cause: string | null): void {
    this.#facts = { ...this.#facts, lastReloadSuccessful: false };
    if (cause === null && error.message === this.#told) return;
    this.#told = error.message;
    const mistakes = error instanceof ConfigFileError ? error.lines : [error.message];
    this.#parts.log.error({ cause: cause ?? 'it has changed', mistakes }, BAD);
  }

  #refuseAtTheEnd(): void {
    if (this.#isStopped) throw new OptionError(`the ${this.#parts.program} is stopping`);
  }
}
