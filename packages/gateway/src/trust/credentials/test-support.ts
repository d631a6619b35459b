/** Credentials for tests that judge them and keep none. */
import type { Credential } from './credential.ts';
import { BLANK } from './new-credential.ts';

/** A host's, good for ever, but for what is given. */
export function credentialOf(over: Partial<Credential> = {}): Credential {
  const { nextHash, ...blank } = BLANK;
  return { ...blank, id: 'id', kind: 'host', createdAt: 0, ...over };
}
