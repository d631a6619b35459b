/** Who asks: what a request or a connection was recognised by. What each may do is in roles.ts. */
import type { Credential } from './credentials/credential.ts';

export type Principal =
  /** Nothing was shown; it came from this machine itself. */
  | { readonly kind: 'loopback' }
  /** @property hash of the token that was shown; a credential may have two for as long as it is being renewed */
  | { readonly kind: 'token'; readonly credential: Credential; readonly hash: string }
  /** Of the `basic_auth_users` in `--web.config.file`. */
  | { readonly kind: 'user'; readonly name: string }
  /** @property names that the verified certificate is for. */
  | { readonly kind: 'certificate'; readonly names: readonly string[] };

/** For the log and for a scraper's cursor; '' for who has none. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'loopback':
      return '';
    case 'token':
      return principal.credential.name;
    case 'user':
      return principal.name;
    case 'certificate':
      return principal.names[0] ?? '';
  }
}
