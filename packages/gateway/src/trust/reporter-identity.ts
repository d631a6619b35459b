/** What the credentials say of a reporter's connection: the link's `Identity`, for each kind of principal. */
import { type RefuseCode, RefuseError } from '@tributary/shared/errors';
import { quote } from '@tributary/shared/names';
import { type Credential, stateOf } from './credentials/credential.ts';
import type { CredentialStore } from './credentials/credential-store.ts';
import type { Applicant } from './credentials/join-verdict.ts';
import type { Principal } from './principal.ts';
import type { WriteQueue } from './write-queue.ts';

/** As `Identity` in link/identity.ts, which this part does not know. */
export interface ReporterIdentity {
  refusalOf(applicant: Applicant): RefuseError | null;
  mustGrant(applicant: Applicant): boolean;
  grant(applicant: Applicant): Promise<string | null>;
  lapsed(): RefuseError | null;
}

export interface IdentityParts {
  readonly store: CredentialStore;
  readonly writes: WriteQueue;
  /** Whether it is still open to those who show nothing. */
  readonly isOpen: () => boolean;
  /** Client certificates are verified otherwise than when this connection came. */
  readonly certificatesChanged: () => boolean;
  /** By which spool the fleet knows a host, whatever credential it had; null for one that it does not know. */
  readonly knownEpoch: (host: string) => string | null;
  /** Who speaks for a host now. */
  readonly holderOf: (host: string) => unknown;
  /** For who is asked to come again, in ms: another one each time, since many are asked at once. */
  readonly againMs: () => number;
  /** Told of each token that a join token became. */
  readonly onJoined: (credential: Credential) => void;
  /** In ms. */
  readonly now: () => number;
}

/** For who wants a token of a host that is there; the host may be gone by then. */
const HELD_RETRY_MS = 15_000;
/** A host writes a new token down before it goes on: by then it has, and is asked to come with it. */
const RENEWED_MS = 5_000;

export function identityOf(principal: Principal, parts: IdentityParts): ReporterIdentity {
  switch (principal.kind) {
    case 'token':
      return principal.credential.kind === 'join'
        ? new Joining(principal.credential.id, parts)
        : new Token(principal.credential.id, principal.hash, parts, false);
    case 'certificate':
      return new Certificate(principal.names, parts);
    case 'loopback':
      return new Nobody(parts);
    case 'user':
      throw new Error('a user does not report');
  }
}

/** A host with a token of its own. */
class Token implements ReporterIdentity {
  readonly #id: string;
  readonly #hash: string;
  readonly #parts: IdentityParts;
  /** Since its hello; before, there is nobody who could be asked to come again. */
  #isGreeted: boolean;
  /** A new token is on its way to it, so there is none to ask for. */
  #isGranting = false;
  #renewedAt: number | null = null;

  constructor(id: string, hash: string, parts: IdentityParts, isGreeted: boolean) {
    this.#id = id;
    this.#hash = hash;
    this.#parts = parts;
    this.#isGreeted = isGreeted;
  }

  refusalOf({ host }: Applicant): RefuseError | null {
    const lapsed = this.lapsed();
    if (lapsed !== null) return lapsed;
    const { store } = this.#parts;
    const name = store.get(this.#id)?.name;
    if (name === host) {
      this.#isGreeted = true;
      store.used(this.#id);
      return null;
    }
    return unauthorized(`this token is for ${quote(name ?? '')} and not for ${quote(host)}; see --host`);
  }

  mustGrant(): boolean {
    return this.#parts.store.mustChange(this.#id, this.#hash);
  }

  async grant(): Promise<string | null> {
    const { store, writes, now } = this.#parts;
    this.#isGranting = true;
    try {
      const token = await writes.submit(() => {
        if (store.takeIntoUse(this.#id, this.#hash)) return null;
        return store.nextToken(this.#id);
      });
      if (token !== null) this.#renewedAt = now();
      return token;
    } finally {
      this.#isGranting = false;
    }
  }

  lapsed(): RefuseError | null {
    const { store, now, againMs } = this.#parts;
    const credential = store.get(this.#id);
    if (credential === undefined) return revoked('this token is no longer known');
    const state = stateOf(credential, now());
    if (state === 'expired') return unauthorized('this token has expired');
    if (state === 'revoked') return revoked('this token was revoked');
    if (!store.isCurrent(this.#id, this.#hash))
      return revoked('another token has taken the place of this one');
    if (!this.#isGreeted || this.#isGranting || !credential.renewing) return null;
    if (this.#renewedAt !== null && now() - this.#renewedAt < RENEWED_MS) return null;
    const message = this.#renewedAt === null ? 'a new token is to be given' : 'the new token is to be used';
    return new RefuseError('DRAINING', message, againMs());
  }
}

/** A host that has only a join token yet. */
class Joining implements ReporterIdentity {
  readonly #joinId: string;
  readonly #parts: IdentityParts;
  /** As soon as it has its own. */
  #own: Token | null = null;

  constructor(joinId: string, parts: IdentityParts) {
    this.#joinId = joinId;
    this.#parts = parts;
  }

  refusalOf(applicant: Applicant): RefuseError | null {
    const { store, knownEpoch, holderOf } = this.#parts;
    const verdict = store.judge(this.#joinId, applicant);
    if (verdict !== null) return new RefuseError(verdict.code, verdict.message);
    const { host, epoch } = applicant;
    const called = quote(host);
    // The host got its token and shows it, so whoever asks for another one is not this host.
    if (holderOf(host) instanceof Token) {
      const message = `${called} is connected with a token of its own`;
      return new RefuseError('DUPLICATE_HOST', message, HELD_RETRY_MS);
    }
    const known = knownEpoch(host);
    if (known === null || known === epoch) return null;
    return coded(
      'NAME_TAKEN',
      `${called} is known by another spool; give this host another name (--host) or a token of its own (tributary-gateway token create --host ${host}), or delete that host`,
    );
  }

  mustGrant(): boolean {
    return true;
  }

  async grant({ host, epoch }: Applicant): Promise<string> {
    const { store, writes, onJoined } = this.#parts;
    const enrolment = await writes.submit(
      // While it waited, the host itself or another spool may have come.
      () => this.refusalOf({ host, epoch }) ?? store.enrol(this.#joinId, { host, epoch }),
    );
    if (enrolment instanceof RefuseError) throw enrolment;
    if (enrolment.token === null) throw new RefuseError(enrolment.code, enrolment.message);
    // Its hello was the one that it joined with.
    this.#own = new Token(enrolment.credential.id, enrolment.hash, this.#parts, true);
    store.used(enrolment.credential.id);
    onJoined(enrolment.credential);
    return enrolment.token;
  }

  lapsed(): RefuseError | null {
    if (this.#own !== null) return this.#own.lapsed();
    const { revokedAt } = this.#parts.store.get(this.#joinId) ?? { revokedAt: 0 };
    return revokedAt === null ? null : revoked('this join token was revoked');
  }
}

/** A host whose name stands in its client certificate. */
class Certificate implements ReporterIdentity {
  readonly #names: readonly string[];
  readonly #parts: IdentityParts;
  #host: string | null = null;

  constructor(names: readonly string[], parts: IdentityParts) {
    this.#names = names;
    this.#parts = parts;
  }

  refusalOf({ host }: Applicant): RefuseError | null {
    if (!this.#names.includes(host)) {
      const names = this.#names.map((name) => quote(name)).join(', ');
      return unauthorized(`this certificate is for ${names} and not for ${quote(host)}; see --host`);
    }
    this.#host = host;
    const lapsed = this.lapsed();
    const mark = this.#parts.store.certificateOf(host);
    if (lapsed === null && mark !== undefined) this.#parts.store.used(mark.id);
    return lapsed;
  }

  mustGrant({ host }: Applicant): boolean {
    return this.#parts.store.certificateOf(host) === undefined;
  }

  async grant({ host }: Applicant): Promise<null> {
    const { store, writes } = this.#parts;
    await writes.submit(() => store.bindCertificate(host));
    return null;
  }

  lapsed(): RefuseError | null {
    const { store, certificatesChanged, againMs } = this.#parts;
    const mark = this.#host === null ? undefined : store.certificateOf(this.#host);
    if (mark !== undefined && mark.revokedAt !== null) {
      return revoked(`the certificate of ${quote(mark.name)} was revoked; give the host a token`);
    }
    if (!certificatesChanged()) return null;
    return new RefuseError('DRAINING', 'client certificates are checked anew', againMs());
  }
}

/** Who showed nothing, from this machine. */
class Nobody implements ReporterIdentity {
  readonly #parts: IdentityParts;

  constructor(parts: IdentityParts) {
    this.#parts = parts;
  }

  refusalOf(): RefuseError | null {
    return this.lapsed();
  }

  mustGrant(): boolean {
    return false;
  }

  async grant(): Promise<null> {
    return null;
  }

  lapsed(): RefuseError | null {
    return this.#parts.isOpen()
      ? null
      : unauthorized('a token is needed from now on (tributary-gateway token create --host NAME)');
  }
}

function unauthorized(message: string): RefuseError {
  return coded('UNAUTHORIZED', message);
}

function revoked(message: string): RefuseError {
  return coded('REVOKED', message);
}

function coded(code: RefuseCode, message: string): RefuseError {
  return new RefuseError(code, message);
}
