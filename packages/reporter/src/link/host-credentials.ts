/**
 * The reporter's credentials on disk: the token file, read anew for each connection, and the tokens that the gateway gave,
 * which stand in the spool's folder for this user alone. Which of them is shown is decided in host-token.ts.
 *
 *     take ─► (connection) ─► welcomed ─► what it brought is on disk before the first batch goes
 *                        └──► refused ──► another one, or none until `isChanged` or `beginAgain`
 *
 * Files are read synchronously: they are tiny, and once for each connection.
 */
import { createHash } from 'node:crypto';
import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  chooseTokens,
  decodeKept,
  encodeKept,
  type GivenToken,
  isFor,
  type KeptTokens,
  keepAfter,
  type ShownToken,
  type TokenUse,
} from './host-token.ts';
import { readSecretFile, syncFolderOf, tokenIn, writeSecretFile } from './secret-file.ts';

/** A new token could not be kept; nothing may be sent on this connection. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
}

export interface CredentialObserver {
  /** The host has a token of its own now. @param isFirst false when it takes the place of another one. */
  kept(path: string, isFirst: boolean): void;
  /** A new token could not be kept; the one before goes on. */
  notKept(message: string): void;
  /** What was kept is no good. @param movedTo null when it could not even be moved. */
  setAside(message: string, movedTo: string | null): void;
  /** The token file is no good just now; what was kept goes on. */
  fileIgnored(message: string): void;
  /** The host has a token of its own that is not shown here: it came from another gateway, or only where nobody could read it. */
  notShown(keptFor: string): void;
  /** Every user of this machine may read a token. */
  openToOthers(path: string): void;
}

export interface CredentialOptions {
  /** The spool's. */
  readonly folder: string;
  /** '' for none. */
  readonly tokenFile: string;
  readonly use: TokenUse;
  /** Of the client certificate, which are not read here; with another one it is worth trying again. '' for none. */
  readonly certificateFiles: readonly string[];
  /** Names what is set aside; ms since 1970. */
  readonly now: () => number;
  readonly observer: CredentialObserver;
}

const NAME = 'host-token.json';

/** What reading again may help against. */
const PASSING_ERRORS: ReadonlySet<unknown> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EIO',
  'EAGAIN',
  'EINTR',
]);

export class HostCredentials {
  readonly #options: CredentialOptions;
  readonly #path: string;
  readonly #refused = new Set<string>();
  readonly #openToOthers = new Set<string>();
  #shown: ShownToken | null = null;
  #kept: KeptTokens | null = null;
  /** Of both files as they were when a token was last taken. */
  #stamp = '';
  #isNotShownTold = false;
  /** The kept file was renamed, and its folder not synced. */
  #isUnsynced = false;

  constructor(options: CredentialOptions) {
    this.#options = options;
    this.#path = join(options.folder, NAME);
  }

  /** True when there is a token to be shown, or a file that should hold one. */
  get hasAny(): boolean {
    return this.#options.tokenFile !== '' || textOr(this.#path, '') !== '';
  }

  /**
   * The token for the next connection; null for none.
   * @throws Error that says what is wrong with the token file where nothing else can be shown.
   */
  take(): string | null {
    this.#stamp = this.#stampNow();
    this.#kept = this.#readKept();
    this.#tellWhatIsNotShown();
    const choices = this.#choices();
    this.#shown = choices.find(({ token }) => !this.#refused.has(token)) ?? choices[0] ?? null;
    return this.#shown?.token ?? null;
  }

  /**
   * The gateway took what was shown.
   * @param token a new one that it brought. It is on disk at return.
   * @throws CredentialError when it is not: without it the host might have no way back.
   */
  welcomed(token: string | undefined): void {
    const { use, observer } = this.#options;
    const shown = this.#shown;
    const kept = keepAfter(use, shown, token, this.#kept);
    if (kept === null && !this.#isUnsynced) return;
    try {
      if (kept !== null) this.#write(kept);
      syncFolderOf(this.#path);
      this.#isUnsynced = false;
    } catch (error) {
      const message = `${this.#path}: the host's token cannot be written (${(error as Error).message})`;
      // What was kept before is good until the new one is used, so samples need not wait for the disk.
      if (shown?.from !== 'kept') throw new CredentialError(message, { cause: error });
      return observer.notKept(message);
    }
    if (kept !== null && kept.tokens[0] === token) observer.kept(this.#path, shown?.from !== 'kept');
  }

  /** What was shown got HTTP 401. @returns true when there is another to be shown. */
  refused(): boolean {
    if (this.#shown !== null) this.#refused.add(this.#shown.token);
    const more = this.#choicesOrNone().some(({ token }) => !this.#refused.has(token));
    // The next round begins at the first again.
    if (!more) this.#refused.clear();
    return more;
  }

  /** The next token to be taken is the first again: what was refused may have been so by mistake. */
  beginAgain(): void {
    this.#refused.clear();
  }

  /** True when a file holds something else than when a token was last taken, or the client certificate was replaced. */
  isChanged(): boolean {
    if (this.#stampNow() === this.#stamp) return false;
    this.#refused.clear();
    return true;
  }

  #choicesOrNone(): readonly ShownToken[] {
    try {
      return this.#choices();
    } catch {
      // `take` will say what is wrong.
      return [];
    }
  }

  #choices(): readonly ShownToken[] {
    const { use, observer } = this.#options;
    const withoutFile = chooseTokens(use, null, this.#kept);
    try {
      return chooseTokens(use, this.#readGiven(), this.#kept);
    } catch (error) {
      // A file that served for the first contact may be gone, and one that is just being written is empty.
      if (withoutFile.length === 0) throw error;
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') observer.fileIgnored((error as Error).message);
      return withoutFile;
    }
  }

  #readGiven(): GivenToken | null {
    const { tokenFile } = this.#options;
    if (tokenFile === '') return null;
    const { text, isOpenToOthers } = readSecretFile(tokenFile);
    if (isOpenToOthers) this.#warnOnce(tokenFile);
    const token = tokenIn(text, tokenFile);
    return { token, digest: digestOf(token) };
  }

  #readKept(): KeptTokens | null {
    try {
      const { text, isOpenToOthers } = readSecretFile(this.#path);
      if (isOpenToOthers) this.#warnOnce(this.#path);
      return decodeKept(text);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      if (PASSING_ERRORS.has(code)) throw error;
      const about = message.includes(this.#path) ? message : `${this.#path}: ${message}`;
      this.#options.observer.setAside(about, this.#setAside());
      return null;
    }
  }

  #setAside(): string | null {
    const aside = `${this.#path}.damaged-${new Date(this.#options.now()).toISOString().replaceAll(/[:.]/g, '-')}`;
    try {
      renameSync(this.#path, aside);
      // That it was moved is no change for which to try again.
      this.#stamp = this.#stampNow();
      return aside;
    } catch {
      return null;
    }
  }

  #write(kept: KeptTokens): void {
    writeSecretFile(this.#path, encodeKept(kept));
    this.#isUnsynced = true;
    this.#kept = kept;
    // That we wrote it ourselves is no change for which to try again.
    this.#stamp = this.#stampNow();
  }

  #stampNow(): string {
    const { tokenFile, certificateFiles } = this.#options;
    const texts = [tokenFile, this.#path].map((path) => (path === '' ? '' : textOr(path, 'E')));
    return digestOf(JSON.stringify([...texts, ...certificateFiles.map(stampOf)]));
  }

  #tellWhatIsNotShown(): void {
    const { use, observer } = this.#options;
    // Of another host's there is nothing to be expected.
    if (this.#isNotShownTold || this.#kept?.host !== use.host || isFor(this.#kept, use)) return;
    this.#isNotShownTold = true;
    observer.notShown(this.#kept.gateway);
  }

  #warnOnce(path: string): void {
    if (this.#openToOthers.has(path)) return;
    this.#openToOthers.add(path);
    this.#options.observer.openToOthers(path);
  }
}

/** A file's text; for one that cannot be read, why, after `prefix`; '' for one that is not there. */
function textOr(path: string, prefix: string): string {
  try {
    return readSecretFile(path).text;
  } catch (error) {
    const { code = 'NO_TOKEN' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? '' : prefix + code;
  }
}

/** Another text once the file was written or replaced, or is there again. */
function stampOf(path: string): string {
  if (path === '') return '';
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
