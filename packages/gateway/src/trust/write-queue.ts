/**
 * Changes to the credentials that reporters cause, many in one commit: after a restart of the fleet thousands join at once,
 * and each commit waits for the disk on the event loop.
 */
import type { CredentialStore } from './credentials/credential-store.ts';

/** At most one commit in this time. */
const GATHER_MS = 50;
/** In one commit; more wait for the next. */
const TOGETHER_MAX = 256;

interface Waiting {
  readonly act: () => void;
  readonly fail: (error: unknown) => void;
  done: () => void;
}

export class WriteQueue {
  readonly #store: Pick<CredentialStore, 'together'>;
  readonly #waiting: Waiting[] = [];
  #isDue = false;

  constructor(store: Pick<CredentialStore, 'together'>) {
    this.#store = store;
  }

  /** @returns what `act` returns, once it is on the disk. It rejects when the disk refuses. */
  submit<T>(act: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = {
        act: () => {
          const value = act();
          waiting.done = () => resolve(value);
        },
        fail: reject,
        done: () => {},
      };
      this.#waiting.push(waiting);
      if (!this.#isDue) this.#later();
    });
  }

  #later(): void {
    this.#isDue = true;
    setTimeout(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    this.#isDue = false;
    const batch = this.#waiting.splice(0, TOGETHER_MAX);
    try {
      this.#store.together(() => {
        for (const { act } of batch) act();
      });
      for (const { done } of batch) done();
    } catch (error) {
      for (const { fail } of batch) fail(error);
    }
    if (this.#waiting.length > 0) this.#later();
  }
}
