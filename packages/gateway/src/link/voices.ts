/**
 * One host, one voice: which connection may speak for a host.
 *
 * The same run coming again is a reporter whose connection broke: it takes over at once. Another run of the same epoch
 * is a restarted reporter, or a clone with a copied spool; it takes over only when the present voice has been silent
 * for 15 s. Another epoch is a re-imaged or a second host of that name; it waits until the present voice is gone.
 */
import { TAKEOVER_SILENCE_MS } from '@tributary/shared/limits';
import type { Identity } from './identity.ts';

export interface Voice {
  readonly epoch: string;
  readonly run: string;
  /** When anything was heard of it last, in ms of uptime. */
  readonly heardAt: number;
  /** The other end's address, for the person who has to find it. */
  readonly address: string;
  /** Whom it was let in as. */
  readonly identity: Identity;
  /** Tells it that another one speaks for its host from now on. */
  replaced(): void;
}

export type Claim =
  | { readonly granted: true }
  | { readonly granted: false; readonly message: string; readonly retryAfterMs: number };

export class Voices {
  readonly #voices = new Map<string, Voice>();

  get size(): number {
    return this.#voices.size;
  }

  /** Makes `voice` the host's voice, or says why not. Whoever spoke before is told. @param now in ms of uptime. */
  claim(host: string, voice: Voice, now: number): Claim {
    const claim = this.judge(host, voice, now);
    if (!claim.granted) return claim;
    const present = this.#voices.get(host);
    this.#voices.set(host, voice);
    present?.replaced();
    return claim;
  }

  /** What `claim` would say; changes nothing. @param now in ms of uptime. */
  judge(host: string, voice: Pick<Voice, 'epoch' | 'run'>, now: number): Claim {
    const present = this.#voices.get(host);
    if (present !== undefined && present.run !== voice.run) {
      const silentMs = now - present.heardAt;
      if (present.epoch !== voice.epoch) {
        return refusal(
          `another spool is connected as ${host} from ${present.address}; give one of the two another --host`,
          TAKEOVER_SILENCE_MS,
        );
      }
      if (silentMs < TAKEOVER_SILENCE_MS) {
        return refusal(
          `another process is connected as ${host} with the same spool from ${present.address} (a copied folder, or an old connection that has not timed out yet)`,
          TAKEOVER_SILENCE_MS - silentMs,
        );
      }
    }
    return { granted: true };
  }

  /** To be called when a connection ends; does nothing where it was no longer the voice. */
  release(host: string, voice: Voice): void {
    if (this.#voices.get(host) === voice) this.#voices.delete(host);
  }

  /** The connection that speaks for a host now. */
  of(host: string): Voice | undefined {
    return this.#voices.get(host);
  }
}

function refusal(message: string, retryAfterMs: number): Claim {
  // The wire has whole milliseconds, uptime has fractions.
  return { granted: false, message, retryAfterMs: Math.ceil(retryAfterMs) };
}
