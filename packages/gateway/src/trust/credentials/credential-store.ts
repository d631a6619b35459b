/**
 * The credentials: made, listed and revoked by the `token` commands, used by the gateway, both at the same time on one
 * file. Everything is answered from memory, also while the file cannot be read; `poll` takes over what another process has
 * written. Every change is on the disk before it is told, since a token that is lost again would lock its host out.
 */
import { randomBytes } from 'node:crypto';
import type { RefuseCode } from '@tributary/shared/errors';
import type { CredentialChange } from './changes.ts';
import { type Credential, type CredentialKind, stateOf } from './credential.ts';
import { CredentialsError } from './credentials-error.ts';
import { AGAIN_MS, type Applicant, judgeJoin } from './join-verdict.ts';
import type { Mirror } from './mirror.ts';
import { BLANK, type NewCredential } from './new-credential.ts';
import { whatToForget } from './pruning.ts';
import { Records } from './records.ts';
import { type CredentialRow, publicPart } from './rows.ts';
import { hashToken, makeToken, TOKEN_CHARS_MAX } from './token.ts';

/** That were not revoked: a fleet of ten thousand, ten times over; what join tokens let in must end somewhere. */
export const CREDENTIALS_MAX = 100_000;
/** Of what was revoked; beyond, the oldest are forgotten that may be. */
const DEAD_MAX = 100_000;
/** More must have died since the last look at what to forget, which goes through all. */
const PRUNE_STEP = 1_000;
/** What is dead for so long is no longer listed. */
const PRUNE_AFTER_MS = 90 * 24 * 60 * 60_000;
/** How exact the time of last use is: a scraper comes every few seconds. */
const USED_STEP_MS = 60_000;
/** Times of last use in one commit; the rest go with the next. */
const USES_SAVED_MAX = 1_000;
/** Of the public id: 40 bits, so that no two of 100,000 are likely to be the same; the file would refuse it. */
const ID_BYTES = 5;

export interface StoreOptions {
  /** Of `--storage.path`. */
  readonly folder: string;
  /** In ms. */
  readonly now: () => number;
  /** Of a cryptographic source. */
  readonly random?: (bytes: number) => Buffer;
  /** Whether the file is made when there is none; it is unless it is said. */
  readonly missing?: 'make' | 'refuse';
  /** For how long the process may be blocked while another one commits, in ms. */
  readonly busyMs?: number;
  readonly liveMax?: number;
  readonly deadMax?: number;
}

const BUSY_MS_MAX = 5_000;

export type Enrolment =
  | { readonly token: string; readonly credential: Credential; readonly hash: string }
  | { readonly token: null; readonly code: RefuseCode; readonly message: string };

export class CredentialStore {
  readonly #records: Records;
  readonly #mirror: Mirror;
  readonly #now: () => number;
  readonly #random: (bytes: number) => Buffer;
  readonly #liveMax: number;
  readonly #deadMax: number;
  #pruneAt = 0;
  /** By id, what is not yet written of when a token was used. */
  readonly #used = new Map<string, number>();

  private constructor(records: Records, options: StoreOptions) {
    const { now, random = randomBytes, liveMax = CREDENTIALS_MAX, deadMax = DEAD_MAX, missing } = options;
    this.#records = records;
    this.#mirror = records.mirror;
    this.#now = now;
    this.#random = random;
    this.#liveMax = liveMax;
    this.#deadMax = deadMax;
    // Whoever only looks changes nothing.
    if (missing !== 'refuse') this.#prune();
  }

  /** @throws CredentialsError */
  static open(options: StoreOptions): CredentialStore {
    const { folder, missing = 'make', busyMs = BUSY_MS_MAX, now } = options;
    const records = Records.open({ folder, missing, busyMs }, now);
    try {
      return new CredentialStore(records, options);
    } catch (error) {
      records.close();
      throw error;
    }
  }

  /** Of the file. */
  get path(): string {
    return this.#records.path;
  }

  /** The file was made when this was opened. */
  get isNew(): boolean {
    return this.#records.isNew;
  }

  /** Why the file cannot be read; null while it can. What was known before stays good meanwhile. */
  get fault(): string | null {
    return this.#records.fault;
  }

  /** @param listener told soon after it was seen that another process has written; it takes the place of the one before. */
  listen(listener: (changes: readonly CredentialChange[]) => void): void {
    this.#records.listen(listener);
  }

  list(): Credential[] {
    return [...this.#mirror.values()].map(publicPart);
  }

  /** True when one of these kinds was ever made; that it was revoked since opens nothing. */
  has(...kinds: readonly CredentialKind[]): boolean {
    return this.#mirror.has(...kinds);
  }

  get(id: string): Credential | undefined {
    const row = this.#mirror.get(id);
    return row === undefined ? undefined : publicPart(row);
  }

  /** @param token as it was shown. @returns the credential, whatever its state, and the token's hash */
  find(token: string): { credential: Credential; hash: string } | null {
    if (token.length > TOKEN_CHARS_MAX) return null;
    const hash = hashToken(token);
    // It may have been made a moment ago; who is turned away for it would not come again soon. Strangers do not have a file
    // tried that cannot be read.
    const known = this.#mirror.find(hash);
    const row = known ?? (this.#records.isReadable && this.poll() ? this.#mirror.find(hash) : undefined);
    return row === undefined ? null : { credential: publicPart(row), hash };
  }

  /** False as soon as another token has taken the place of the one with this hash. */
  isCurrent(id: string, hash: string): boolean {
    const row = this.#mirror.get(id);
    return row !== undefined && (row.hash === hash || row.nextHash === hash);
  }

  /** The mark of a host that came with a certificate. */
  certificateOf(host: string): Credential | undefined {
    const row = this.#mirror.ofHost(host).find(({ kind }) => kind === 'certificate');
    return row === undefined ? undefined : publicPart(row);
  }

  /** @returns the token, which nobody is told again. @throws CredentialsError */
  create(wanted: NewCredential): { credential: Credential; token: string } {
    return this.#records.write(() => this.#add(wanted));
  }

  /**
   * @param issued whether the host tokens that came of a join token go with it.
   * @returns what was revoked now. @throws CredentialsError when there is no such credential.
   */
  revoke(id: string, issued = false): Credential[] {
    return this.#records.write(() => {
      const row = this.#require(id);
      if (issued && row.kind !== 'join')
        throw new CredentialsError(`${id} is of kind ${row.kind}; only join tokens have issued others`);
      const children = issued ? [...this.#mirror.values()].filter(({ parent }) => parent === id) : [];
      const revokedAt = this.#now();
      const revoked = [row, ...children].filter((each) => each.revokedAt === null);
      return revoked.map((each) => this.#change({ ...each, revokedAt, nextHash: null, renewing: false }));
    });
  }

  /** All that is good for a host. @returns what was revoked now */
  revokeHost(host: string): Credential[] {
    const revokedAt = this.#now();
    return this.#records.write(() =>
      this.#mirror
        .ofHost(host)
        .filter((row) => row.revokedAt === null)
        .map((row) => this.#change({ ...row, revokedAt, nextHash: null, renewing: false })),
    );
  }

  /** Shuts the certificate of a host out, also one that has not come yet. @returns what was revoked now */
  revokeCertificate(host: string): Credential[] {
    return this.#records.write(() => {
      const mark = this.certificateOf(host);
      if (mark !== undefined) return this.revoke(mark.id);
      return [
        this.#insert({ ...BLANK, kind: 'certificate', name: host, hash: null, revokedAt: this.#now() }),
      ];
    });
  }

  /** What is good for a host now. */
  goodFor(host: string): Credential[] {
    const now = this.#now();
    return this.#mirror
      .ofHost(host)
      .map(publicPart)
      .filter((each) => stateOf(each, now) === 'valid');
  }

  /** Has the host given a new token when it next connects. @throws CredentialsError */
  renew(id: string): Credential {
    return this.#records.write(() => {
      const row = this.#require(id);
      if (row.kind !== 'host')
        throw new CredentialsError(
          `${id} is of kind ${row.kind}; make another with "token create", use it, and then revoke ${id}`,
        );
      const state = stateOf(row, this.#now());
      if (state !== 'valid')
        throw new CredentialsError(
          `${id} ${state === 'revoked' ? 'was revoked' : 'has expired'} and cannot be rotated; make another with "token create"`,
        );
      return this.#change({ ...row, renewing: true });
    });
  }

  /** What `enrol` would say, without doing it. Null when it would let the host in. */
  judge(joinId: string, applicant: Applicant): { code: RefuseCode; message: string } | null {
    const join = this.#mirror.get(joinId);
    if (join === undefined) return GONE;
    const verdict = judgeJoin(join, applicant, this.#mirror.ofHost(applicant.host), this.#now());
    if (verdict.kind === 'refused') return verdict;
    return verdict.kind === 'first' && this.#isFull ? full(this.#liveMax) : null;
  }

  /** Turns a join token into the token of the host, or says why not. */
  enrol(joinId: string, applicant: Applicant): Enrolment {
    return this.#records.write(() => {
      const refused = this.judge(joinId, applicant);
      if (refused !== null) return { token: null, code: refused.code, message: refused.message };
      return this.#enrolOne(joinId, applicant);
    });
  }

  /** Several changes in one commit: every one of them is on the disk at return. */
  together<T>(act: () => T): T {
    return this.#records.write(act);
  }

  /** True while hosts that got their token by this one may have to be given it again, though it has expired since. */
  mayRepeat(joinId: string): boolean {
    const since = this.#now() - AGAIN_MS;
    for (const { parent, createdAt } of this.#mirror.values()) {
      if (parent === joinId && createdAt > since) return true;
    }
    return false;
  }

  /** A new token for a host whose credential is being renewed; the old one is good until the new one is used. */
  nextToken(id: string): string | null {
    return this.#records.write(() => {
      const row = this.#mirror.get(id);
      if (row === undefined || !row.renewing || row.revokedAt !== null) return null;
      const token = makeToken('host', this.#random);
      this.#change({ ...row, nextHash: hashToken(token) });
      return token;
    });
  }

  /** It was used now. */
  used(id: string): void {
    const before = this.#used.get(id) ?? this.#mirror.get(id)?.usedAt ?? Number.NEGATIVE_INFINITY;
    const now = this.#now();
    if (Math.abs(now - before) >= USED_STEP_MS) this.#used.set(id, now);
  }

  /** True when a host that shows the token of this hash is to get another, or shows that other for the first time. */
  mustChange(id: string, hash: string): boolean {
    const row = this.#mirror.get(id);
    return row !== undefined && (row.renewing || row.nextHash === hash);
  }

  /** The token that was to take the place of another is used: the other is no longer good. @returns whether it was so */
  takeIntoUse(id: string, hash: string): boolean {
    return this.#records.write(() => {
      const row = this.#mirror.get(id);
      if (row?.nextHash !== hash) return false;
      this.#change({ ...row, hash, nextHash: null, renewing: false });
      return true;
    });
  }

  /** Marks that a host of this name came with a certificate, so that its name is bound. */
  bindCertificate(host: string): void {
    this.#records.write(() => {
      if (this.certificateOf(host) !== undefined || this.#isFull) return;
      this.#insert({ ...BLANK, kind: 'certificate', name: host, hash: null, usedAt: this.#now() });
    });
  }

  /** The host has left: a name that it got by itself is free again. */
  release(host: string): void {
    const own = this.#mirror.ofHost(host).filter(isReleased);
    if (own.length === 0) return;
    this.#records.write(() => {
      for (const { id } of this.#mirror.ofHost(host).filter(isReleased)) {
        this.#records.remove(id);
      }
    });
  }

  /** Takes over what another process has written; see `fault` for when that fails. @returns whether there was anything */
  poll(): boolean {
    return this.#records.poll();
  }

  /** Writes down when credentials were used. @throws CredentialsError; they are kept for the next time then */
  saveUses(): void {
    const uses = [...this.#used].slice(0, USES_SAVED_MAX);
    if (uses.length === 0) return;
    this.#records.write(() => {
      for (const [id, at] of uses) this.#records.used(id, at);
    });
    for (const [id] of uses) this.#used.delete(id);
  }

  /** When something was last used may be lost; nothing else is. */
  close(): void {
    try {
      this.saveUses();
    } catch (error) {
      if (!(error instanceof CredentialsError)) throw error;
    } finally {
      this.#records.close();
    }
  }

  #enrolOne(joinId: string, { host, epoch }: Applicant): Enrolment {
    const join = this.#require(joinId);
    const verdict = judgeJoin(join, { host, epoch }, this.#mirror.ofHost(host), this.#now());
    if (verdict.kind === 'again') {
      const token = makeToken('host', this.#random);
      const row = this.#require(verdict.credential.id);
      const hash = hashToken(token);
      return { token, hash, credential: this.#change({ ...row, hash, nextHash: null, renewing: false }) };
    }
    this.#change({ ...join, uses: join.uses + 1 });
    const wanted = { kind: 'host', name: host, expiresAt: null, usesMax: null, pattern: null } as const;
    // The connection that asks for it speaks for the host from now on.
    const added = this.#add(wanted, { parent: joinId, epoch, usedAt: this.#now() });
    return { ...added, hash: hashToken(added.token) };
  }

  #add(
    wanted: NewCredential,
    origin: Partial<Pick<Credential, 'parent' | 'epoch' | 'usedAt'>> = {},
  ): { credential: Credential; token: string } {
    if (this.#isFull) throw new CredentialsError(full(this.#liveMax).message);
    const token = makeToken(wanted.kind, this.#random);
    return { credential: this.#insert({ ...BLANK, ...wanted, ...origin, hash: hashToken(token) }), token };
  }

  #insert(row: Omit<CredentialRow, 'id' | 'createdAt'>): Credential {
    const whole = { ...row, id: this.#random(ID_BYTES).toString('hex'), createdAt: this.#now() };
    this.#records.insert(whole);
    if (this.#mirror.dead > Math.max(this.#deadMax, this.#pruneAt)) this.#prune();
    return publicPart(whole);
  }

  #change(row: CredentialRow): Credential {
    this.#records.change(row);
    return publicPart(row);
  }

  #require(id: string): CredentialRow {
    const row = this.#mirror.get(id);
    if (row !== undefined) return row;
    throw new CredentialsError(`there is no credential ${JSON.stringify(id)}; see "token list"`);
  }

  get #isFull(): boolean {
    return this.#mirror.live >= this.#liveMax;
  }

  #prune(): void {
    const rule = { now: this.#now(), afterMs: PRUNE_AFTER_MS, deadMax: this.#deadMax };
    const gone = whatToForget([...this.#mirror.values()], rule);
    if (gone.length > 0) {
      this.#records.write(() => {
        for (const { id } of gone) this.#records.remove(id);
      });
    }
    this.#pruneAt = this.#mirror.dead + PRUNE_STEP;
  }
}

const GONE = { code: 'UNAUTHORIZED', message: 'this join token is no longer known' } as const;
const full = (max: number) =>
  ({
    code: 'RATE',
    message: `the gateway keeps no more than ${max} credentials; revoke what is no longer used`,
  }) as const;

/** Got by joining or by a certificate; what a person made stays until a person revokes it. */
function isReleased({ kind, parent, revokedAt }: CredentialRow): boolean {
  return revokedAt === null && (kind === 'certificate' || parent !== null);
}
