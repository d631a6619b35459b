/**
 * Who came with bad credentials too often is not listened to for a while: checking a password is made to be slow, so that whoever
 * tries many costs the gateway much. Counted by address, and many may share one, that of a NAT or of a proxy. So:
 * - a credential that costs nothing to check (a token, a certificate, a password that was right before) is to be checked first, and
 *   to be taken whatever this says;
 * - bad tokens draw on nothing that passwords need;
 * - each user has tries of its own at each address, and all names that nobody has share those of one user. So a neighbour locks
 *   nobody out but by the user's own name, and whoever makes up names cannot have each of them compared.
 */
import { addressKey } from './address-key.ts';
import { BoundedBuckets } from './bounded-buckets.ts';
import type { ConnectionRefusal } from './connection-refusal.ts';
import { TokenBucket } from './token-bucket.ts';

/** Failures that are nothing to worry about: a fleet's worth of a mistake in a configuration. */
const FAILURES_SAVED = 60;
const FAILURES_PER_MINUTE = 60;
/** Addresses, and users at addresses, that are remembered; one without failures needs no memory. */
const NAMES_MAX = 10_000;

export class HandshakeGuard {
  readonly #uptimeMs: () => number;
  readonly #refused: (reason: ConnectionRefusal, address: string) => void;
  readonly #tokens = buckets();
  readonly #passwords = buckets();

  /** @param refused told of each that may not try. */
  constructor(refused: (reason: ConnectionRefusal, address: string) => void, uptimeMs: () => number) {
    this.#refused = refused;
    this.#uptimeMs = uptimeMs;
  }

  /** A token, or something that is no credential at all, was found bad. @returns false when it is one too many */
  badToken(address: string): boolean {
    const key = addressKey(address);
    if (!this.#has(this.#tokens, key)) return this.#refuse(address);
    this.#draw(this.#tokens, key);
    return true;
  }

  /**
   * False for one that is to be answered 429 (Too Many Requests, RFC 6585) without a look at its password.
   * @param user null for a name that nobody has
   */
  mayTryPassword(address: string, user: string | null): boolean {
    return this.#has(this.#passwords, passwordKey(address, user)) || this.#refuse(address);
  }

  /** A password was checked and found bad. */
  badPassword(address: string, user: string | null): void {
    this.#draw(this.#passwords, passwordKey(address, user));
  }

  #has(buckets: BoundedBuckets<TokenBucket>, key: string): boolean {
    return buckets.find(key)?.has(1, this.#uptimeMs()) ?? true;
  }

  #draw(buckets: BoundedBuckets<TokenBucket>, key: string): void {
    const now = this.#uptimeMs();
    const bucket = buckets.use(key, now);
    // Nothing is owed: whoever stops is heard again a moment later.
    if (bucket.has(1, now)) bucket.take(1, now);
  }

  #refuse(address: string): false {
    this.#refused('credentials', address);
    return false;
  }
}

function buckets(): BoundedBuckets<TokenBucket> {
  return new BoundedBuckets(
    (now) => new TokenBucket(FAILURES_PER_MINUTE / 60, FAILURES_SAVED, now),
    NAMES_MAX,
  );
}

/** No address has a space in it. */
function passwordKey(address: string, user: string | null): string {
  return user === null ? addressKey(address) : `${addressKey(address)} ${user}`;
}
