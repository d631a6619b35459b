/**
 * Whom a connection may speak for. The credential that was shown at the upgrade decides, and never what the hello says:
 * a stolen host must not be able to speak for another. Implemented by trust/, joined in the wiring.
 */
import type { RefuseError } from '@tributary/shared/errors';
import type { Hello } from '@tributary/shared/frames';

export interface Identity {
  /** Why this connection may not speak for the host of the hello; null when it may. Changes nothing. */
  refusalOf(hello: Pick<Hello, 'host' | 'epoch'>): RefuseError | null;
  /** True when `grant` has to be asked before the welcome. */
  mustGrant(hello: Pick<Hello, 'host' | 'epoch'>): boolean;
  /**
   * Binds the host's name to this connection's credential, on the disk at return.
   * @returns the token that the host is to use from now on; null when it keeps what it has.
   * @throws RefuseError when somebody else was faster.
   */
  grant(hello: Pick<Hello, 'host' | 'epoch'>): Promise<string | null>;
  /** Why this connection may go on no longer, as when its token was revoked; null while it may. */
  lapsed(): RefuseError | null;
}

/** Of who shows nothing while nobody needs to. */
export const ANYONE: Identity = {
  refusalOf: () => null,
  mustGrant: () => false,
  grant: async () => null,
  lapsed: () => null,
};
