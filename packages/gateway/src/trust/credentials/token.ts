/**
 * Tokens: 256 random bits, told apart by a prefix, so that a person sees what is what and scanners of leaked secrets can
 * find them. A guess is hopeless at this length; therefore a plain SHA-256 is enough to keep.
 */
import { createHash } from 'node:crypto';
import type { TokenKind } from './credential.ts';

const RANDOM_BYTES = 32;
const PREFIX = 'tributary';
/** `tributary_scrape_` and 43 characters of base64url. */
export const TOKEN_CHARS_MAX = 80;

/** @param random bytes of a cryptographic source. */
export function makeToken(kind: TokenKind, random: (bytes: number) => Buffer): string {
  return `${PREFIX}_${kind}_${random(RANDOM_BYTES).toString('base64url')}`;
}

/** Its SHA-256 in hexadecimal: what is stored, and what is looked up. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
