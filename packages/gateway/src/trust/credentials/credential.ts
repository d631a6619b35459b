/** What the gateway knows of a credential. Its secret is known to its holder alone: only the hash is kept. */

/**
 * - `host`: reports as the one host that it is named for.
 * - `join`: turns into a host token at a host's first contact.
 * - `scrape` and `admin`: reads expositions; changes things.
 * - `certificate`: no token, but the mark that a host of this name came with a client certificate; revoking it shuts that host out.
 */
export const CREDENTIAL_KINDS = ['host', 'join', 'scrape', 'admin', 'certificate'] as const;

export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** Those that are shown as `Authorization: Bearer`. */
export type TokenKind = Exclude<CredentialKind, 'certificate'>;

/** Times are ms since 1970. */
export interface Credential {
  /** Public, for lists and logs. */
  readonly id: string;
  readonly kind: CredentialKind;
  /** Of the host, the scraper or the administrator; '' for a join token. */
  readonly name: string;
  readonly createdAt: number;
  /** Null for never. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** About when it was last used, to the minute; null for never. */
  readonly usedAt: number | null;
  /** Hosts that a join token may let in; null for any number. */
  readonly usesMax: number | null;
  readonly uses: number;
  /** Which hosts a join token is for, with `*` and `?`; null for all. */
  readonly pattern: string | null;
  /** The join token that a host token came of. */
  readonly parent: string | null;
  /** The spool that it was given to. */
  readonly epoch: string | null;
  /** The host is to be given a new token when it next connects. */
  readonly renewing: boolean;
}

export type CredentialState = 'valid' | 'expired' | 'revoked';

export function stateOf({ revokedAt, expiresAt }: Credential, now: number): CredentialState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'valid';
}
