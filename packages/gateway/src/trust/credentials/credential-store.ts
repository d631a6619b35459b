/**
 * The credentials: made, listed and revoked by the `token` commands, used by the gateway, both at the same time on one
 * file. Everything is answered from memory; `poll` tells when another process has written. Every change is on the disk
 * before it is told, since a token that is lost again would lock its host out.
 */
import { randomBytes } from 'node:crypto';
import type { RefuseCode } from '@tributary/shared/errors';
import type { Credential, CredentialKind, TokenKind } from './credential.ts';
import { CredentialsError } from './credentials-error.ts';
import { AGAIN_MS, type Applicant, judgeJoin } from './join-verdict.ts';
import { Mirror } from './mirror.ts';
import { openFile } from './open-file.ts';
import { type CredentialRow, Rows } from './rows.ts';
import { hashToken, makeToken, TOKEN_CHARS_MAX } from './token.ts';

/** A fleet of ten thousand, ten times over; what join tokens let in must end somewhere. */
export const CREDENTIALS_MAX = 100_000;
/** What is dead for so long is no longer listed. */
const PRUNE_AFTER_MS = 90 * 24 * 60 * 60_000;
/** Of the public id: 40 bits, so that no two of 100,000 are likely to be the same; the file would refuse it. */
const ID_BYTES = 5;

export interface NewCredential {
  readonly kind: TokenKind;
  readonly name: string;
  /** Null for never. */
  readonly expiresAt: number | null;
  readonly usesMax: number | null;
  readonly pattern: string | null;
}

export interface StoreOptions {
  /** Of `--storage.path`. */
  readonly folder: string;
  /** In ms. */
  readonly now: () => number;
  /** Of a cryptographic source. */
  readonly random?: (bytes: number) => Buffer;
}

export type Enrolment =
  | { readonly token: string; readonly credential: Credential; readonly hash: string }
  | { readonly token: null; readonly code: RefuseCode; readonly message: string };

/** What another process has done. */
export interface CredentialChange {
  readonly kind: 'made' | 'revoked' | 'rotated' | 'removed';
  readonly credential: Credential;
}

export class CredentialStore {
  readonly #rows: Rows;
  readonly #mirror = new Mirror();
  readonly #now: () => number;
  readonly #random: (bytes: number) => Buffer;
  #onChange: (changes: readonly CredentialChange[]) => void = () => {};
  /** By id, what is not yet written of when a token was used. */
  readonly #used = new Map<string, number>();
  #version: number;

  private constructor(rows: Rows, { now, random = randomBytes }: StoreOptions) {
    this.#rows = rows;
    this.#now = now;
    this.#random = random;
    this.#version = rows.version;
    this.#mirror.replaceAll(rows.all());
    this.#prune();
  }

  /** @throws CredentialsError */
  static open(options: StoreOptions): CredentialStore {
    return new CredentialStore(new Rows(openFile(options.folder)), options);
  }

  /** @param listener told soon after it was seen that another process has written; it takes the place of the one before. */
  listen(listener: (changes: readonly CredentialChange[]) => void): void {
    this.#onChange = listener;
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
    // It may have been made a moment ago; who is turned away for it would not come again soon.
    const row = this.#mirror.find(hash) ?? (this.poll() ? this.#mirror.find(hash) : undefined);
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
    return this.#write(() => this.#add(wanted));
  }

  /**
   * @param issued whether the host tokens that came of a join token go with it.
   * @returns what was revoked now. @throws CredentialsError when there is no such credential.
   */
  revoke(id: string, issued = false): Credential[] {
    return this.#write(() => {
      const row = this.#require(id);
      const children = issued ? [...this.#mirror.values()].filter(({ parent }) => parent === id) : [];
      const revokedAt = this.#now();
      const revoked = [row, ...children].filter((each) => each.revokedAt === null);
      return revoked.map((each) => this.#change({ ...each, revokedAt, nextHash: null, renewing: false }));
    });
  }

  /** Has the host given a new token when it next connects. @throws CredentialsError */
  renew(id: string): Credential {
    return this.#write(() => {
      const row = this.#require(id);
      if (row.kind !== 'host')
        throw new CredentialsError(
          `${id} is of kind ${row.kind}; make another with "token create", use it, and then revoke ${id}`,
        );
      if (row.revokedAt !== null)
        throw new CredentialsError(
          `${id} was revoked and cannot be rotated; make another with "token create"`,
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
    return verdict.kind === 'first' && this.#mirror.size >= CREDENTIALS_MAX ? FULL : null;
  }

  /** Turns a join token into the token of the host, or says why not. */
  enrol(joinId: string, applicant: Applicant): Enrolment {
    return this.#write(() => {
      const refused = this.judge(joinId, applicant);
      if (refused !== null) return { token: null, code: refused.code, message: refused.message };
      return this.#enrolOne(joinId, applicant);
    });
  }

  /** Several changes in one commit: every one of them is on the disk at return. */
  together<T>(act: () => T): T {
    return this.#write(act);
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
    return this.#write(() => {
      const row = this.#mirror.get(id);
      if (row === undefined || !row.renewing || row.revokedAt !== null) return null;
      const token = makeToken('host', this.#random);
      this.#change({ ...row, nextHash: hashToken(token) });
      return token;
    });
  }

  /** A token was used now. */
  used(id: string): void {
    this.#used.set(id, this.#now());
  }

  /** True when a host that shows the token of this hash is to get another, or shows that other for the first time. */
  mustChange(id: string, hash: string): boolean {
    const row = this.#mirror.get(id);
    return row !== undefined && (row.renewing || row.nextHash === hash);
  }

  /** The token that was to take the place of another is used: the other is no longer good. @returns whether it was so */
  takeIntoUse(id: string, hash: string): boolean {
    return this.#write(() => {
      const row = this.#mirror.get(id);
      if (row?.nextHash !== hash) return false;
      this.#change({ ...row, hash, nextHash: null, renewing: false });
      return true;
    });
  }

  /** Marks that a host of this name came with a certificate, so that its name is bound. */
  bindCertificate(host: string): void {
    this.#write(() => {
      if (this.certificateOf(host) !== undefined || this.#mirror.size >= CREDENTIALS_MAX) return;
      this.#insert({ ...BLANK, kind: 'certificate', name: host, hash: null });
    });
  }

  /** The host has left: a name that it got by itself is free again. */
  release(host: string): void {
    const own = this.#mirror.ofHost(host).filter(isReleased);
    if (own.length === 0) return;
    this.#write(() => {
      for (const { id } of this.#mirror.ofHost(host).filter(isReleased)) {
        this.#rows.delete(id);
        this.#mirror.delete(id);
      }
    });
  }

  /** Takes over what another process has written. @returns whether there was anything */
  poll(): boolean {
    const { version } = this.#rows;
    if (version === this.#version) return false;
    const before = new Map([...this.#mirror.values()].map((row) => [row.id, row]));
    this.#reload(version);
    const changes = changesSince(before, this.#mirror);
    // Not within a transaction, and not while somebody goes through what has changed.
    queueMicrotask(() => this.#onChange(changes));
    return true;
  }

  /** Writes down when tokens were used. */
  saveUses(): void {
    if (this.#used.size === 0) return;
    this.#write(() => {
      for (const [id, at] of this.#used) {
        this.#rows.used(id, at);
        const row = this.#mirror.get(id);
        if (row !== undefined) this.#mirror.set({ ...row, usedAt: at });
      }
      this.#used.clear();
    });
  }

  close(): void {
    this.saveUses();
    this.#rows.close();
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
    const added = this.#add(wanted, { parent: joinId, epoch });
    return { ...added, hash: hashToken(added.token) };
  }

  #add(
    wanted: NewCredential,
    origin: { parent: string | null; epoch: string | null } = { parent: null, epoch: null },
  ): { credential: Credential; token: string } {
    if (this.#mirror.size >= CREDENTIALS_MAX) throw new CredentialsError(FULL.message);
    const token = makeToken(wanted.kind, this.#random);
    return { credential: this.#insert({ ...BLANK, ...wanted, ...origin, hash: hashToken(token) }), token };
  }

  #insert(row: Omit<CredentialRow, 'id' | 'createdAt'>): Credential {
    const whole = { ...row, id: this.#random(ID_BYTES).toString('hex'), createdAt: this.#now() };
    this.#rows.insert(whole);
    this.#mirror.set(whole);
    return publicPart(whole);
  }

  #change(row: CredentialRow): Credential {
    this.#rows.update(row);
    this.#mirror.set(row);
    return publicPart(row);
  }

  #require(id: string): CredentialRow {
    const row = this.#mirror.get(id);
    if (row !== undefined) return row;
    throw new CredentialsError(`there is no credential ${JSON.stringify(id)}; see "token list"`);
  }

  /** One commit, made on what the file says now. */
  #write<T>(act: () => T): T {
    try {
      return this.#rows.transaction(() => {
        this.poll();
        return act();
      });
    } catch (error) {
      // What was changed in memory alone is not so.
      this.#reload(this.#rows.version);
      throw error;
    }
  }

  #reload(version: number): void {
    this.#version = version;
    this.#mirror.replaceAll(this.#rows.all());
  }

  /** Forgets what is long dead; but not that a kind was ever used, nor that a host may not join again. */
  #prune(): void {
    const before = this.#now() - PRUNE_AFTER_MS;
    const all = [...this.#mirror.values()];
    const isDead = (row: CredentialRow) =>
      (row.revokedAt ?? Number.POSITIVE_INFINITY) < before ||
      (row.kind === 'join' && (row.expiresAt ?? Number.POSITIVE_INFINITY) < before);
    const dead = all.filter((row) => {
      const parent = row.parent === null ? undefined : this.#mirror.get(row.parent);
      return isDead(row) && (parent === undefined || isDead(parent));
    });
    const kept = new Set(all.filter((row) => !dead.includes(row)).map(({ kind }) => kind));
    const gone = dead.filter(({ kind }) => kept.has(kind));
    if (gone.length === 0) return;
    this.#write(() => {
      for (const { id } of gone) {
        this.#rows.delete(id);
        this.#mirror.delete(id);
      }
    });
  }
}

const BLANK = {
  name: '',
  nextHash: null,
  expiresAt: null,
  revokedAt: null,
  usedAt: null,
  usesMax: null,
  uses: 0,
  pattern: null,
  parent: null,
  epoch: null,
  renewing: false,
} as const;

const GONE = { code: 'UNAUTHORIZED', message: 'this join token is no longer known' } as const;
const FULL = {
  code: 'RATE',
  message: `the gateway keeps no more than ${CREDENTIALS_MAX} credentials; revoke what is no longer used`,
} as const;

function changesSince(before: ReadonlyMap<string, CredentialRow>, now: Mirror): CredentialChange[] {
  const changes: CredentialChange[] = [];
  const add = (kind: CredentialChange['kind'], row: CredentialRow) =>
    void changes.push({ kind, credential: publicPart(row) });
  for (const row of now.values()) {
    const old = before.get(row.id);
    if (old === undefined) add('made', row);
    else if (row.revokedAt !== null && old.revokedAt === null) add('revoked', row);
    else if (row.renewing && !old.renewing) add('rotated', row);
  }
  for (const row of before.values()) if (now.get(row.id) === undefined) add('removed', row);
  return changes;
}

/** Got by joining or by a certificate; what a person made stays until a person revokes it. */
function isReleased({ kind, parent, revokedAt }: CredentialRow): boolean {
  return revokedAt === null && (kind === 'certificate' || parent !== null);
}

/** Without the hashes, so that no list or log can ever show them. */
function publicPart({ hash, nextHash, ...credential }: CredentialRow): Credential {
  return credential;
}
