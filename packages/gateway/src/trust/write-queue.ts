/**
 * Changes to the credentials that reporters cause, many in one commit: after a restart of the fleet thousands join at once,
 * and each commit waits for the disk on the event loop.
 */
import { RefuseError } from '@tributary/shared/errors';
import type { CredentialStore } from './credentials/credential-store.ts';
import { CredentialsBusyError, CredentialsError } from './credentials/credentials-error.ts';

/** At most one commit in this time. */
const GATHER_MS = 50;
/** In one commit; more wait for the next. */
const TOGETHER_MAX = 256;
/** Another program has locked the file: so long until the next try, and so often. */
const BUSY_AGAIN_MS = 250;
const BUSY_TRIES_MAX = 20;
/** A fleet that joins at once; who comes while so many wait is to come again. */
const WAITING_MAX = 10_000;
/** For who is to come again. */
const RETRY_AFTER_MS = 5_000;

interface Waiting {
  readonly act: () => void;
  readonly fail: (error: unknown) => void;
  done: () => void;
  tries: number;
}

export class WriteQueue {
  readonly #store: Pick<CredentialStore, 'together'>;
  readonly #waiting: Waiting[] = [];
  #isDue = false;

  readonly #told: (fault: string | null) => void;

  /** @param told after each commit, why it failed, or null */
  constructor(store: Pick<CredentialStore, 'together'>, told: (fault: string | null) => void = () => {}) {
    this.#store = store;
    this.#told = told;
  }

  /**
   * @param act may be called again when the file was locked; what it did before is undone then.
   * @returns what `act` returns, once it is on the disk. It rejects with what `act` throws, and with a RefuseError when the file
   *   cannot be written, is locked for too long, or too many wait.
   */
  submit<T>(act: () => T): Promise<T> {
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(comeAgain('too many hosts join at once'));
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = {
        act: () => {
          const value = act();
          waiting.done = () => resolve(value);
        },
        fail: reject,
        done: () => {},
        tries: 0,
      };
      this.#waiting.push(waiting);
      if (!this.#isDue) this.#later(GATHER_MS);
    });
  }

  #later(ms: number): void {
    this.#isDue = true;
    setTimeout(() => this.#flush(), ms);
  }

  #flush(): void {
    this.#isDue = false;
    const batch = this.#waiting.splice(0, TOGETHER_MAX);
    let againMs = GATHER_MS;
    try {
      this.#store.together(() => {
        for (const { act } of batch) act();
      });
      for (const { done } of batch) done();
      this.#told(null);
    } catch (error) {
      if (error instanceof CredentialsBusyError) {
        this.#waiting.unshift(...batch.filter(mayTryAgain));
        againMs = BUSY_AGAIN_MS;
      } else if (error instanceof CredentialsError) {
        this.#told(error.message);
        for (const { fail } of batch) fail(comeAgain('the credentials cannot be written'));
      } else for (const { fail } of batch) fail(error);
    }
    if (this.#waiting.length > 0) this.#later(againMs);
  }
}

function mayTryAgain(waiting: Waiting): boolean {
  if (++waiting.tries < BUSY_TRIES_MAX) return true;
  waiting.fail(comeAgain('the credentials are locked by another program'));
  return false;
}

function comeAgain(why: string): RefuseError {
  return new RefuseError('RATE', `${why}; come again`, RETRY_AFTER_MS);
}
