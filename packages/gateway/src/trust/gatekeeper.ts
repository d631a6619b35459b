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
import { forbidden, type Refusal, type RefusalReason } from './refusal.ts';
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
  mayTry(address: string): boolean;
  failed(address: string): void;
}

export type Outcome =
  | { readonly principal: Principal; readonly refusal: null }
  | { readonly principal: null; readonly refusal: Refusal };

export interface GatekeeperOptions {
  readonly store: Pick<CredentialStore, 'find' | 'has' | 'mayRepeat'>;
  /** Names of the users that there are now. */
  readonly users: () => Pick<ReadonlyMap<string, unknown>, 'size'>;
  readonly passwords: Passwords;
  /** Those of the users who are administrators. */
  readonly adminUsers: ReadonlySet<string>;
  /** Whether client certificates are verified. */
  readonly takesCertificates: () => boolean;
  /** See `refuseForeignOrigin`. */
  readonly ownOrigin: string;
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
    const foreign = refuseForeignOrigin(visitor, this.#options.ownOrigin);
    if (foreign !== null) return refused(foreign);
    const { authorization } = visitor.headers;
    if (authorization !== undefined && /^basic /i.test(authorization)) {
      return this.#check(await this.#user(visitor), role, visitor);
    }
    return this.#check(this.#shown(visitor, role), role, visitor);
  }

  /** Of a reporter's upgrade; users do not report, so nothing has to be waited for. */
  askToReport(visitor: Visitor): Outcome {
    const foreign = refuseForeignOrigin(visitor, this.#options.ownOrigin);
    if (foreign !== null) return refused(foreign);
    return this.#check(this.#shown(visitor, 'report'), 'report', visitor);
  }

  /** Whoever asks: for what is no secret, as whether the gateway lives. */
  async recognise(visitor: Visitor): Promise<Outcome | null> {
    if (this.isOpen) return this.ask(visitor, 'scrape');
    const foreign = refuseForeignOrigin(visitor, this.#options.ownOrigin);
    if (foreign !== null) return refused(foreign);
    if (visitor.headers.authorization === undefined) return null;
    const outcome = await this.ask(visitor, 'scrape');
    return outcome.refusal === null ? outcome : null;
  }

  /** By a bearer token, a certificate, or by where it came from. */
  #shown(visitor: Visitor, role: Role): Outcome {
    const { authorization } = visitor.headers;
    if (authorization !== undefined) {
      const token = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
      return token === undefined
        ? this.#bad('this kind of Authorization is not known here')
        : this.#token(token);
    }
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

  #token(token: string): Outcome {
    const { store, now } = this.#options;
    const found = store.find(token);
    if (found === null) return this.#bad('the token is not known');
    const state = stateOf(found.credential, now());
    if (state === 'valid' || (state === 'expired' && this.#mayRepeat(found.credential))) {
      return { principal: { kind: 'token', ...found }, refusal: null };
    }
    return this.#bad(state === 'revoked' ? 'the token was revoked' : 'the token has expired');
  }

  /** A host whose join token has just expired may not have written down yet what it was given for it. */
  #mayRepeat({ id, kind }: Credential): boolean {
    return kind === 'join' && this.#options.store.mayRepeat(id);
  }

  async #user({ headers, remoteAddress = '' }: Visitor): Promise<Outcome> {
    const { users, passwords, guard } = this.#options;
    const shown = basicCredentials(headers.authorization);
    if (shown === null || users().size === 0) return this.#bad('user and password cannot be taken');
    if (!passwords.remembers(shown.name, shown.password) && !guard.mayTry(remoteAddress)) return TOO_MANY;
    try {
      if (await passwords.verify(shown.name, shown.password)) {
        return { principal: { kind: 'user', name: shown.name }, refusal: null };
      }
    } catch (error) {
      if (!(error instanceof BasicAuthBusyError)) throw error;
      return refused({ status: 503, reason: 'busy', message: error.message, challenges: [] });
    }
    return this.#bad('user or password is wrong');
  }

  #check(outcome: Outcome, role: Role, { remoteAddress = '' }: Visitor): Outcome {
    const { guard, adminUsers } = this.#options;
    if (outcome.refusal !== null) {
      if (outcome.refusal.reason !== 'bad_credential') return outcome;
      if (!guard.mayTry(remoteAddress)) return TOO_MANY;
      guard.failed(remoteAddress);
      return outcome;
    }
    if (hasRole(outcome.principal, role, (user) => adminUsers.has(user))) return outcome;
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
  message: 'too many bad credentials came from this address; try again in a minute',
  challenges: [],
});

function refused(refusal: Refusal): Outcome {
  return { principal: null, refusal };
}
