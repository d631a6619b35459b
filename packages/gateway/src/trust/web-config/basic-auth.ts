/**
 * Whether a name and a password are those of one of `basic_auth_users`.
 *
 * bcrypt is slow on purpose: 0.1 s of a thread at cost 10. So what was right once is remembered, by a keyed hash that is of
 * no use outside of this process; what was wrong is not, or whoever guesses would push the others out. Only a few are
 * compared at a time, since files, DNS and compression need the same threads, and some may wait. A name that nobody has
 * costs what another costs, since it is held against the hash of somebody.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { normalHash } from './bcrypt-hash.ts';

/** So many compare already, and so many wait. The answer is 503, and to come again. */
export class BasicAuthBusyError extends Error {
  override readonly name = 'BasicAuthBusyError';

  constructor() {
    super('too many passwords are being checked at this moment; come again in a second');
  }
}

export interface BasicAuthParts {
  /** Hashes by name, as they are now. */
  readonly users: () => ReadonlyMap<string, string>;
  readonly comparingMax?: number;
  readonly waitingMax?: number;
  /** Good pairs that are remembered. */
  readonly rememberedMax?: number;
  /** Resolves to whether the password is that of the hash; bcrypt's unless given. */
  readonly compare?: (password: string, hash: string) => Promise<boolean>;
}

/** Of the four threads of libuv. */
const COMPARING_MAX = 2;
/** The last of them waits for about a second. */
const WAITING_MAX = 16;
const REMEMBERED_MAX = 256;

export class BasicAuth {
  readonly #users: () => ReadonlyMap<string, string>;
  readonly #comparingMax: number;
  readonly #waitingMax: number;
  readonly #rememberedMax: number;
  readonly #compare: (password: string, hash: string) => Promise<boolean>;
  readonly #secret = randomBytes(32);
  /** The one that was asked for last is last. */
  readonly #remembered = new Set<string>();
  readonly #pending = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  #comparing = 0;

  constructor(parts: BasicAuthParts) {
    this.#users = parts.users;
    this.#comparingMax = parts.comparingMax ?? COMPARING_MAX;
    this.#waitingMax = parts.waitingMax ?? WAITING_MAX;
    this.#rememberedMax = parts.rememberedMax ?? REMEMBERED_MAX;
    this.#compare = parts.compare ?? compareByBcrypt;
  }

  /** True for a pair that was found right before and is so still: `verify` would say so at once. */
  remembers(name: string, password: string): boolean {
    const hash = this.#users().get(name);
    return hash !== undefined && this.#remembered.has(this.#keyed(name, hash, password));
  }

  /** False for all while there are no users. @throws BasicAuthBusyError, for which the caller keeps count. */
  async verify(name: string, password: string): Promise<boolean> {
    const users = this.#users();
    if (users.size === 0) return false;
    const own = users.get(name);
    const hash = own ?? this.#standIn(name, users);
    const key = this.#keyed(name, hash, password);
    if (own !== undefined && this.#remembered.has(key)) {
      this.#remember(key);
      return true;
    }
    // All connections of one client ask for the first time at once.
    const pending = this.#pending.get(key) ?? this.#check(key, password, hash);
    const isRight = await pending;
    if (own === undefined || !isRight) return false;
    this.#remember(key);
    return true;
  }

  async #check(key: string, password: string, hash: string): Promise<boolean> {
    if (this.#comparing >= this.#comparingMax && this.#waiting.length >= this.#waitingMax)
      throw new BasicAuthBusyError();
    const checked = this.#inTurn(() => this.#compare(password, normalHash(hash)));
    this.#pending.set(key, checked);
    try {
      return await checked;
    } finally {
      this.#pending.delete(key);
    }
  }

  async #inTurn(compare: () => Promise<boolean>): Promise<boolean> {
    if (this.#comparing < this.#comparingMax) this.#comparing++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await compare();
    } finally {
      // The turn goes from hand to hand.
      const next = this.#waiting.shift();
      if (next === undefined) this.#comparing--;
      else next();
    }
  }

  /** Always the same for a name, so that costs that differ among users tell nothing either. */
  #standIn(name: string, users: ReadonlyMap<string, string>): string {
    const hashes = [...users.values()];
    const number = Buffer.from(this.#keyed(name), 'base64').readUInt32BE();
    return hashes[number % hashes.length] ?? '';
  }

  #keyed(...texts: readonly string[]): string {
    const hmac = createHmac('sha256', this.#secret);
    for (const text of texts) hmac.update(`${Buffer.byteLength(text)}:`).update(text);
    return hmac.digest('base64');
  }

  #remember(key: string): void {
    this.#remembered.delete(key);
    this.#remembered.add(key);
    for (const oldest of this.#remembered) {
      if (this.#remembered.size <= this.#rememberedMax) break;
      this.#remembered.delete(oldest);
    }
  }
}

/** In a thread of libuv's pool. */
async function compareByBcrypt(password: string, hash: string): Promise<boolean> {
  // Late, because most gateways have no users.
  const { default: bcrypt } = await import('bcrypt');
  return await bcrypt.compare(password, hash);
}
