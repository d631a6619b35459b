/**
 * Who came with bad credentials too often is not listened to for a while: checking a password is made to be slow, so that whoever
 * tries many costs the gateway much. Counted by address, and many hosts may share one: so a credential that costs nothing to
 * check (a token, a certificate) is to be checked first, and to be taken whatever this says.
 */
import { addressKey } from './address-key.ts';
import { BoundedBuckets } from './bounded-buckets.ts';
import type { ConnectionRefusal } from './connection-refusal.ts';
import { TokenBucket } from './token-bucket.ts';

/** Failures of one address that are nothing to worry about: a fleet's worth of a mistake in a configuration. */
const FAILURES_SAVED = 60;
const FAILURES_PER_MINUTE = 60;
/** Addresses that are remembered; one without failures needs no memory. */
const ADDRESSES_MAX = 10_000;

export class HandshakeGuard {
  readonly #uptimeMs: () => number;
  readonly #refused: (reason: ConnectionRefusal, address: string) => void;
  readonly #buckets = new BoundedBuckets(
    (now) => new TokenBucket(FAILURES_PER_MINUTE / 60, FAILURES_SAVED, now),
    ADDRESSES_MAX,
  );

  /** @param refused told of each that may not try. */
  constructor(refused: (reason: ConnectionRefusal, address: string) => void, uptimeMs: () => number) {
    this.#refused = refused;
    this.#uptimeMs = uptimeMs;
  }

  /** A credential was checked and found bad. */
  failed(address: string): void {
    const now = this.#uptimeMs();
    const bucket = this.#buckets.use(addressKey(address), now);
    // Nothing is owed: whoever stops is heard again a moment later.
    if (bucket.has(1, now)) bucket.take(1, now);
  }

  /** False for one that is to be answered 429 (Too Many Requests, RFC 6585) without a look at its credential. */
  mayTry(address: string): boolean {
    const now = this.#uptimeMs();
    const bucket = this.#buckets.find(addressKey(address));
    if (bucket === undefined || bucket.has(1, now)) return true;
    this.#refused('credentials', address);
    return false;
  }

  /** For `Retry-After`, in s. */
  get retryAfterSeconds(): number {
    return Math.ceil(60 / FAILURES_PER_MINUTE);
  }
}
