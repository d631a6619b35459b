/**
 * Who may ask for what (docs/SECURITY.md). What is shown decides: a bearer token alone if there is one, else a user and
 * password, else the client certificate, which only reports. Whoever shows nothing must be this machine itself, and is heard
 * only while there is no credential at all: with the first one, for whatever role, the gateway is set up to be reached by
 * others, and by a proxy on this machine these would look like this machine itself.
 */

import { CREDENTIAL_KINDS, type Credential, stateOf } from './credentials/credential.ts';
import type { CredentialStore } from './credentials/credential-store.ts';
import type { Asking } from './loopback-rule.ts';
import { refuseForeignOrigin, refuseUnlessLoopback } from './loopback-rule.ts';
import type { Principal } from './principal.ts';
import { forbidden, RETRY_SECONDS, type Refusal, type RefusalReason } from './refusal.ts';
import { hasRole, type Role } from './roles.ts';
import { BasicAuthBusyError } from './web-config/basic-auth.ts';
import { basicCredentials } from './web-config/basic-credentials.ts';

export interface Visitor extends Asking {
  /** Of a client certificate that was verified; null without one. */
  readonly certificate: readonly string[] | null;
}

/** Whether a name and a password are those of a user of `--web.config.file`. */
export interface Passwords {
  /** True when they were found right before, so that telling costs nothing. */
  remembers(name: string, password: string): boolean;
  /** @throws BasicAuthBusyError */
  verify(name: string, password: string): Promise<boolean>;
}

/**
 * Keeps those waiting who fail again and again. It goes by address, and a fleet may have one: so what costs nothing to check is
 * checked first, and is good whatever a neighbour does.
 */
export interface FailureGuard {
  /** A bad token came. False when it is one too many. */
  badToken(address: string): boolean;
  /** @param user null for a name that nobody has */
  mayTryPassword(address: string, user: string | null): boolean;
  badPassword(address: string, user: string | null): void;
}

export type Outcome =
  | { readonly principal: Principal; readonly refusal: null }
  | { readonly principal: null; readonly refusal: Refusal };

export interface GatekeeperOptions {
  readonly store: Pick<CredentialStore, 'find' | 'has' | 'mayRepeat' | 'used' | 'fault'>;
  /** Names of the users that there are now. */
  readonly users: () => Pick<ReadonlyMap<string, unknown>, 'size' | 'has'>;
  readonly passwords: Passwords;
  /** Those of the users who are administrators. */
  readonly adminUsers: () => ReadonlySet<string>;
  /** Whether client certificates are verified. */
  readonly takesCertificates: () => boolean;
  /** See `refuseForeignOrigin`. */
  readonly ownOrigin: () => string;
  readonly guard: FailureGuard;
  /** In ms. */
  readonly now: () => number;
}

export class Gatekeeper {
  readonly #options: GatekeeperOptions;
  #isClosed = false;

  constructor(options: GatekeeperOptions) {
    this.#options = options;
    this.lookAnew();
  }

  /** True while nobody ever had any credential: then only this machine itself is let in, and nothing else is listened on. */
  get isOpen(): boolean {
    this.lookAnew();
    return !this.#isClosed;
  }

  /**
   * To be called when the users or the client authority have changed: once there were any, this stays closed for as long as the
   * process lives, so that a mistake in a file that is read again opens nothing.
   */
  lookAnew(): void {
    const { store, users, takesCertificates } = this.#options;
    this.#isClosed ||= store.has(...CREDENTIAL_KINDS) || users().size > 0 || takesCertificates();
  }

  /** Of a request over HTTP. */
  async ask(visitor: Visitor, role: Role): Promise<Outcome> {
    const foreign = refuseForeignOrigin(visitor, this.#options.ownOrigin());
    if (foreign !== null) return refused(foreign);
    if (isBasic(visitor)) {
      return this.#check(await this.#user(visitor), role);
    }
    return this.#check(this.#shown(visitor, role), role);
  }

  /** Of a reporter's upgrade; users do not report, so nothing has to be waited for. */
  askToReport(visitor: Visitor): Outcome {
    const foreign = refuseForeignOrigin(visitor, this.#options.ownOrigin());
    if (foreign !== null) return refused(foreign);
    if (isBasic(visitor)) return refused(NO_USERS);
    return this.#check(this.#shown(visitor, 'report'), 'report');
  }

  /** Whoever asks: for what is no secret, as whether the gateway lives. */
  async recognise(visitor: Visitor): Promise<Outcome | null> {
    if (this.isOpen) return this.ask(visitor, 'scrape');
    const foreign = refuseForeignOrigin(visitor, this.#options.ownOrigin());
    if (foreign !== null) return refused(foreign);
    if (visitor.headers.authorization === undefined) return null;
    const outcome = await this.ask(visitor, 'scrape');
    return outcome.refusal === null ? outcome : null;
  }

  /** By a bearer token, a certificate, or by where it came from. */
  #shown(visitor: Visitor, role: Role): Outcome {
    const { authorization } = visitor.headers;
    if (authorization !== undefined) return this.#token(authorization, visitor);
    const names = visitor.certificate;
    if (names !== null && role === 'report') {
      return { principal: { kind: 'certificate', names }, refusal: null };
    }
    if (!this.isOpen) {
      const message = 'a credential is needed, such as "Authorization: Bearer TOKEN"';
      return refused(this.#unauthorized('no_credential', message));
    }
    const refusal = refuseUnlessLoopback(visitor);
    return refusal === null ? { principal: { kind: 'loopback' }, refusal } : refused(refusal);
  }

  #token(authorization: string, { remoteAddress = '' }: Visitor): Outcome {
    const principal = this.#read(authorization);
    if (typeof principal !== 'string') return { principal, refusal: null };
    // It may be a good one that was made since, and who hears 401 may think that he has to be given another.
    if (this.#options.store.fault !== null) return UNREADABLE;
    return this.#options.guard.badToken(remoteAddress) ? this.#bad(principal) : TOO_MANY;
  }

  /** @returns what is wrong with it, as a text */
  #read(authorization: string): Principal | string {
    const { store, now } = this.#options;
    const token = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
    if (token === undefined) return 'this kind of Authorization is not known here';
    const found = store.find(token);
    if (found === null) return 'the token is not known';
    const state = stateOf(found.credential, now());
    if (state === 'valid' || (state === 'expired' && this.#mayRepeat(found.credential))) {
      store.used(found.credential.id);
      return { kind: 'token', ...found };
    }
    return state === 'revoked' ? 'the token was revoked' : 'the token has expired';
  }

  /** A host whose join token has just expired may not have written down yet what it was given for it. */
  #mayRepeat({ id, kind }: Credential): boolean {
    return kind === 'join' && this.#options.store.mayRepeat(id);
  }

  async #user({ headers, remoteAddress = '' }: Visitor): Promise<Outcome> {
    const { users, passwords, guard } = this.#options;
    const shown = basicCredentials(headers.authorization);
    if (shown === null || users().size === 0) {
      return guard.badToken(remoteAddress) ? this.#bad('user and password cannot be taken') : TOO_MANY;
    }
    const { name, password } = shown;
    const user = users().has(name) ? name : null;
    if (!passwords.remembers(name, password) && !guard.mayTryPassword(remoteAddress, user)) return TOO_MANY;
    try {
      if (await passwords.verify(name, password)) return { principal: { kind: 'user', name }, refusal: null };
    } catch (error) {
      if (!(error instanceof BasicAuthBusyError)) throw error;
      return refused({ status: 503, reason: 'busy', message: error.message, challenges: [] });
    }
    guard.badPassword(remoteAddress, user);
    return this.#bad('user or password is wrong');
  }

  #check(outcome: Outcome, role: Role): Outcome {
    const adminUsers = this.#options.adminUsers();
    if (outcome.refusal !== null || hasRole(outcome.principal, role, (user) => adminUsers.has(user))) {
      return outcome;
    }
    return refused(forbidden('wrong_role', `this credential may not do that; it needs one for ${role}`));
  }

  #bad(message: string): Outcome {
    return refused(this.#unauthorized('bad_credential', message));
  }

  #unauthorized(reason: RefusalReason, message: string): Refusal {
    const basic = this.#options.users().size > 0 ? ['Basic realm="tributary"'] : [];
    return { status: 401, reason, message, challenges: ['Bearer', ...basic] };
  }
}

const TOO_MANY = refused({
  status: 429,
  reason: 'too_many_failures',
  message: `too many bad credentials came from this address; try again in ${RETRY_SECONDS} s`,
  challenges: [],
});

const UNREADABLE = refused({
  status: 503,
  reason: 'busy',
  message: 'credentials cannot be checked now; try again later',
  challenges: [],
});

/** Whether the password is right is not looked at, so it is no failure. */
const NO_USERS: Refusal = {
  status: 401,
  reason: 'wrong_role',
  message: 'users do not report; a host token or a join token is needed ("Authorization: Bearer TOKEN")',
  challenges: ['Bearer'],
};

function isBasic({ headers }: Visitor): boolean {
  return /^basic /i.test(headers.authorization ?? '');
}

function refused(refusal: Refusal): Outcome {
  return { principal: null, refusal };
}
