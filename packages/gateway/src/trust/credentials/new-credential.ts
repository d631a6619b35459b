import type { TokenKind } from './credential.ts';

/** What is asked for; the rest is given to it. */
export interface NewCredential {
  readonly kind: TokenKind;
  readonly name: string;
  /** Null for never. */
  readonly expiresAt: number | null;
  readonly usesMax: number | null;
  readonly pattern: string | null;
}

export const BLANK = {
  name: '',
  nextHash: null,
  expiresAt: null,
  revokedAt: null,
  usedAt: null,
  usesMax: null,
  uses: 0,
  pattern: null,
  parent: null,
  epoch: null,
  renewing: false,
} as const;
