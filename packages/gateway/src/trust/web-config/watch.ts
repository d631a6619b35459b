/**
 * Keeps the web configuration up to date: looks every second whether the file, or one that it names, is another one than
 * before, and hands out what is new. What is no good changes nothing: the former goes on, the log says so once, and a
 * metric for as long as it lasts.
 *
 * A certificate is renewed in two files, and neither the file system nor whoever writes them changes both at once. So a pair
 * that does not fit is looked at again with each poll, and told only when a second look at the same files shows the same.
 */
import { stat } from 'node:fs/promises';
import { OptionError } from '@tributary/shared/options';
import { readWebConfig, type WebConfigReading } from './read-web-config.ts';
import type { WebConfig } from './web-config.ts';

export interface WebConfigLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface WebConfigWatchParts {
  readonly log: WebConfigLog;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Errors that are the gateway's own fault. */
  readonly onFault: (error: unknown) => void;
  readonly pollMs?: number;
}

/** For the metrics. */
export interface WebConfigFacts {
  readonly lastReloadSuccessful: boolean;
  /** In ms since 1970. */
  readonly lastReloadSuccessAt: number;
  /** Of the server's certificate, in ms since 1970; null without TLS. */
  readonly certificateNotAfter: number | null;
}

const POLL_MS = 1000;

export class WebConfigWatch {
  readonly #file: string;
  readonly #parts: WebConfigWatchParts;
  readonly #listeners: ((config: WebConfig) => void)[] = [];
  #reading: WebConfigReading;
  #stamp: string;
  /** To be read with the next poll whatever the stamps say: they cannot tell two changes within one tick of the clock. */
  #isToBeReadAgain = true;
  #failure: { readonly stamp: string; readonly message: string; readonly isTold: boolean } | null = null;
  /** Since a failure was told, until all is well. */
  #isBad = false;
  #successAt: number;
  #timer: NodeJS.Timeout | null = null;
  #polling: Promise<void> | null = null;

  private constructor(file: string, parts: WebConfigWatchParts, reading: WebConfigReading, stamp: string) {
    this.#file = file;
    this.#parts = parts;
    this.#reading = reading;
    this.#stamp = stamp;
    this.#successAt = parts.now();
  }

  /** @throws OptionError, most often a ConfigFileError, when the file is not valid now. */
  static async open(file: string, parts: WebConfigWatchParts): Promise<WebConfigWatch> {
    const reading = await readWebConfig(file, parts.now());
    const stamp = await stampOf([file, ...reading.files]);
    const watch = new WebConfigWatch(file, parts, reading, stamp);
    watch.#warn();
    return watch;
  }

  get current(): WebConfig {
    return this.#reading.config;
  }

  get facts(): WebConfigFacts {
    return {
      lastReloadSuccessful: !this.#isBad,
      lastReloadSuccessAt: this.#successAt,
      certificateNotAfter: this.current.tls?.notAfter ?? null,
    };
  }

  /** @param listener told of each new configuration, in the order of registration. */
  onChange(listener: (config: WebConfig) => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#timer = setInterval(() => void this.poll(), this.#parts.pollMs ?? POLL_MS);
    this.#timer.unref();
  }

  /** A look that is under way is not waited for: a dead network mount would hold it up for ever. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Looks for changes now, or goes along with the look that is under way. Never fails. */
  poll(): Promise<void> {
    this.#polling ??= this.#poll()
      .catch(this.#parts.onFault)
      .finally(() => {
        this.#polling = null;
      });
    return this.#polling;
  }

  /** Looks now, twice if need be: see above. Never fails. @returns what is wrong; null for nothing */
  async look(): Promise<string | null> {
    // One that is under way may have begun before what is asked about was written.
    await this.#polling;
    await this.poll();
    if (this.#failure?.isTold === false) await this.poll();
    return this.#failure?.message ?? null;
  }

  async #poll(): Promise<void> {
    // Before anything is read: what is written meanwhile shows with the next poll.
    const stamp = await stampOf([this.#file, ...this.#reading.files]);
    const isChanged = stamp !== this.#stamp;
    if (!isChanged && !this.#isToBeReadAgain) return;
    this.#stamp = stamp;
    try {
      const reading = await readWebConfig(this.#file, this.#parts.now());
      refuseWhatTakesARestart(this.#file, this.current, reading.config);
      this.#isToBeReadAgain = isChanged;
      this.#take(reading);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      this.#isToBeReadAgain = true;
      this.#fail(stamp, error.message);
    }
  }

  #take(reading: WebConfigReading): void {
    const isNew = reading.digest !== this.#reading.digest;
    const wasBad = this.#isBad;
    this.#failure = null;
    this.#isBad = false;
    if (!isNew && !wasBad) return;
    this.#successAt = this.#parts.now();
    this.#reading = reading;
    const { log } = this.#parts;
    if (!isNew) return log.info({ file: this.#file }, 'the web configuration is as it was again');
    log.info({ file: this.#file, ...summaryOf(reading.config) }, 'the web configuration was read anew');
    this.#warn();
    // Other files may be named now.
    this.#isToBeReadAgain = true;
    for (const listener of this.#listeners) listener(reading.config);
  }

  #fail(stamp: string, message: string): void {
    const before = this.#failure;
    if (before?.stamp !== stamp || before.message !== message) {
      this.#failure = { stamp, message, isTold: false };
      return;
    }
    if (before.isTold) return;
    this.#failure = { stamp, message, isTold: true };
    this.#isBad = true;
    this.#parts.log.error(
      { file: this.#file, mistakes: message.split('\n') },
      'the web configuration cannot be taken; the one before goes on until the file, or what it names, is mended',
    );
  }

  #warn(): void {
    for (const warning of this.#reading.warnings) this.#parts.log.warn({ file: this.#file }, warning);
  }
}

/** A server is one of TLS or of plain HTTP from its beginning. */
function refuseWhatTakesARestart(file: string, before: WebConfig, after: WebConfig): void {
  if ((before.tls === null) === (after.tls === null)) return;
  const what = after.tls === null ? 'tls_server_config is gone' : 'tls_server_config is new';
  throw new OptionError(`${file}: ${what}; TLS is switched on and off with a restart of the gateway only`);
}

function summaryOf({ tls, users, headers, rateLimit }: WebConfig): object {
  return {
    users: users.size,
    headers: headers.size,
    ...(rateLimit === null ? {} : { rateLimit }),
    ...(tls === null
      ? {}
      : { clientAuth: tls.clientAuth, certificateEnds: new Date(tls.notAfter).toISOString() }),
  };
}

/** Another text once one of the files was written, replaced, or is no more. */
async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = files.map(async (file) => {
    try {
      const { dev, ino, size, mode, mtimeMs, ctimeMs } = await stat(file);
      return `${dev} ${ino} ${size} ${mode} ${mtimeMs} ${ctimeMs}`;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unknown';
    }
  });
  return (await Promise.all(stamps)).join();
}
