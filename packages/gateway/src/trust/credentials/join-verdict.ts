/** Whether a join token lets a host in. Pure: what is known goes in, what is to be done comes out. */
import type { RefuseCode } from '@tributary/shared/errors';
import { quote } from '@tributary/shared/names';
import { type Credential, stateOf } from './credential.ts';
import { matchesPattern } from './pattern.ts';

/** For how long the same join token, host and spool get another token: the first may not have reached the disk there. */
export const AGAIN_MS = 24 * 60 * 60_000;

export type JoinVerdict =
  | { readonly kind: 'first' }
  /** The token of this credential is to be replaced. */
  | { readonly kind: 'again'; readonly credential: Credential }
  | { readonly kind: 'refused'; readonly code: RefuseCode; readonly message: string };

export interface Applicant {
  readonly host: string;
  readonly epoch: string;
}

/**
 * @param ofHost every credential of kind host or certificate that has the applicant's name.
 * @param now in ms.
 */
export function judgeJoin(
  join: Credential,
  { host, epoch }: Applicant,
  ofHost: readonly Credential[],
  now: number,
): JoinVerdict {
  const called = quote(host);
  // First, so that nobody learns of names that are none of theirs.
  if (join.pattern !== null && !matchesPattern(join.pattern, host)) {
    return refused('UNAUTHORIZED', `this join token is not for ${called}; it is for ${quote(join.pattern)}`);
  }
  if (stateOf(join, now) === 'revoked') return refused('REVOKED', 'this join token was revoked');
  const bound = ofHost.filter((credential) => credential.revokedAt === null);
  const again = bound.find(
    (credential) =>
      credential.parent === join.id && credential.epoch === epoch && credential.createdAt + AGAIN_MS > now,
  );
  if (again !== undefined) return { kind: 'again', credential: again };
  if (bound.length > 0) {
    return refused(
      'NAME_TAKEN',
      `${called} belongs to another spool; give this host another name (--host), or revoke that host's token`,
    );
  }
  // Otherwise whoever holds a stolen host's join token would undo the revocation.
  if (ofHost.some((credential) => credential.parent === join.id)) {
    return refused('REVOKED', `the token of ${called} was revoked; it needs another join token, or its own`);
  }
  if (stateOf(join, now) === 'expired') return refused('UNAUTHORIZED', 'this join token has expired');
  if (join.usesMax !== null && join.uses >= join.usesMax) {
    return refused('UNAUTHORIZED', 'this join token has been used as often as it may be');
  }
  return { kind: 'first' };
}

function refused(code: RefuseCode, message: string): JoinVerdict {
  return { kind: 'refused', code, message };
}
