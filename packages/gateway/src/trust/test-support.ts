/** A gatekeeper for tests that are about other things: nobody has a credential, so this machine itself may do all. */
import { Gatekeeper, type GatekeeperOptions } from './gatekeeper.ts';

export function gatekeeperOf(over: Partial<GatekeeperOptions> = {}): Gatekeeper {
  return new Gatekeeper({
    store: { find: () => null, has: () => false, mayRepeat: () => false, used: () => {}, fault: null },
    users: () => new Map(),
    passwords: { remembers: () => false, verify: async () => false },
    adminUsers: () => new Set(),
    takesCertificates: () => false,
    ownOrigin: () => '',
    guard: { badToken: () => true, mayTryPassword: () => true, badPassword: () => {} },
    now: () => 0,
    ...over,
  });
}
