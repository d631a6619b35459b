/** The credentials in memory, by what they are looked up with. Ten thousand hosts connect at once after a restart. */
import { timingSafeEqual } from 'node:crypto';
import type { CredentialKind } from './credential.ts';
import type { CredentialRow } from './rows.ts';

export class Mirror {
  readonly #byId = new Map<string, CredentialRow>();
  readonly #byHash = new Map<string, CredentialRow>();
  /** How many there are of each. */
  readonly #kinds = new Map<CredentialKind, number>();
  /** Kinds host and certificate. */
  readonly #byHost = new Map<string, Map<string, CredentialRow>>();

  /** How many were not revoked. */
  #live = 0;
  /** Of those that were changed since `begin`, what they were before. */
  #undo: Map<string, CredentialRow | undefined> | null = null;

  get live(): number {
    return this.#live;
  }

  get dead(): number {
    return this.#byId.size - this.#live;
  }

  /** From now on `undo` brings back what is now. */
  begin(): void {
    this.#undo = new Map();
  }

  keep(): void {
    this.#undo = null;
  }

  undo(): void {
    const undo = this.#undo ?? new Map<string, CredentialRow | undefined>();
    this.#undo = null;
    // All that are new first: a token may have gone from one to another.
    for (const id of undo.keys()) this.delete(id);
    for (const row of undo.values()) if (row !== undefined) this.set(row);
  }

  values(): Iterable<CredentialRow> {
    return this.#byId.values();
  }

  ids(): Iterable<string> {
    return this.#byId.keys();
  }

  get(id: string): CredentialRow | undefined {
    return this.#byId.get(id);
  }

  ofHost(host: string): CredentialRow[] {
    return [...(this.#byHost.get(host)?.values() ?? [])];
  }

  /** @param kinds one of which is looked for, whatever its state. */
  has(...kinds: readonly CredentialKind[]): boolean {
    return kinds.some((kind) => (this.#kinds.get(kind) ?? 0) > 0);
  }

  /**
   * By a token's hash. Nothing can be learnt by the time that the look-up takes: whoever asks knows a token, and not which
   * hash will come of it. The comparison at its end does not depend on where the two differ.
   */
  find(hash: string): CredentialRow | undefined {
    const row = this.#byHash.get(hash);
    const asked = Buffer.from(hash, 'hex');
    const isSame = [row?.hash, row?.nextHash].some(
      (known) => known !== undefined && known !== null && timingSafeEqual(Buffer.from(known, 'hex'), asked),
    );
    return isSame ? row : undefined;
  }

  /** Puts a new row in, or in the place of the one with its id. */
  set(row: CredentialRow): void {
    this.delete(row.id);
    this.#byId.set(row.id, row);
    if (row.revokedAt === null) this.#live++;
    this.#count(row.kind, 1);
    for (const hash of [row.hash, row.nextHash]) if (hash !== null) this.#byHash.set(hash, row);
    if (!isOfHost(row)) return;
    const known = this.#byHost.get(row.name) ?? new Map<string, CredentialRow>();
    this.#byHost.set(row.name, known.set(row.id, row));
  }

  delete(id: string): void {
    const row = this.#byId.get(id);
    if (this.#undo?.has(id) === false) this.#undo.set(id, row);
    if (row === undefined) return;
    this.#byId.delete(id);
    if (row.revokedAt === null) this.#live--;
    this.#count(row.kind, -1);
    for (const hash of [row.hash, row.nextHash]) if (hash !== null) this.#byHash.delete(hash);
    const known = this.#byHost.get(row.name);
    if (!isOfHost(row) || known === undefined) return;
    known.delete(id);
    if (known.size === 0) this.#byHost.delete(row.name);
  }

  #count(kind: CredentialKind, by: number): void {
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + by);
  }
}

function isOfHost({ kind }: CredentialRow): boolean {
  return kind === 'host' || kind === 'certificate';
}
