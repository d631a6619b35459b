/** What may be asked for, and by whom. */
import type { CredentialKind } from './credentials/credential.ts';
import type { Principal } from './principal.ts';

/**
 * - `report`: to speak for a host on the stream.
 * - `scrape`: to read expositions, hosts, scrapers and the state of the gateway.
 * - `admin`: to change something, or to look inside; whoever may do that may scrape, too.
 */
export const ROLES = ['report', 'scrape', 'admin'] as const;

export type Role = (typeof ROLES)[number];

const OF_KIND: Readonly<Record<CredentialKind, readonly Role[]>> = {
  host: ['report'],
  join: ['report'],
  certificate: ['report'],
  scrape: ['scrape'],
  admin: ['admin', 'scrape'],
};

/** @param isAdmin whether a user of that name is an administrator, too. */
export function hasRole(principal: Principal, role: Role, isAdmin: (user: string) => boolean): boolean {
  switch (principal.kind) {
    // It was let in because there is no credential yet.
    case 'loopback':
      return true;
    case 'token':
      return OF_KIND[principal.credential.kind]?.includes(role) ?? false;
    case 'user':
      return role === 'scrape' || (role === 'admin' && isAdmin(principal.name));
    case 'certificate':
      return role === 'report';
  }
}
