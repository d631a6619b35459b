/** What another process has done to a credential. */
import type { Credential } from './credential.ts';
import { type CredentialRow, publicPart } from './rows.ts';

export interface CredentialChange {
  readonly kind: 'made' | 'revoked' | 'rotated' | 'removed';
  readonly credential: Credential;
}

/** Null for what is nobody's concern, as when it was used. */
export function changeOf(
  before: CredentialRow | undefined,
  now: CredentialRow | undefined,
): CredentialChange | null {
  if (now === undefined) {
    return before === undefined ? null : { kind: 'removed', credential: publicPart(before) };
  }
  const credential = publicPart(now);
  if (before === undefined) return { kind: 'made', credential };
  if (now.revokedAt !== null && before.revokedAt === null) return { kind: 'revoked', credential };
  return now.renewing && !before.renewing ? { kind: 'rotated', credential } : null;
}
