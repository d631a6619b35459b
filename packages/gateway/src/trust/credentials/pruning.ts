/** Which credentials may be forgotten. Pure: rows go in, and those that go come out. */
import type { CredentialRow } from './rows.ts';

export interface PruneRule {
  /** In ms. */
  readonly now: number;
  /** What is dead for so long goes. */
  readonly afterMs: number;
  /** Of more dead ones than this the oldest go, however young. */
  readonly deadMax: number;
}

/**
 * Of what is revoked, and of join tokens that have expired. Never that a kind was ever used, which keeps a role closed; never a
 * revoked certificate, which would be good again; and no host that could come back by a join token that is still good.
 */
export function whatToForget(
  rows: readonly CredentialRow[],
  { now, afterMs, deadMax }: PruneRule,
): CredentialRow[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const isDead = (row: CredentialRow, at: number) => deadSince(row) <= at;
  const mayGo = (row: CredentialRow, at: number) => {
    const parent = row.parent === null ? undefined : byId.get(row.parent);
    return row.kind !== 'certificate' && isDead(row, at) && (parent === undefined || isDead(parent, at));
  };
  const oldestFirst = rows
    .filter((row) => mayGo(row, now))
    .sort((a, b) => deadSince(a) - deadSince(b) || a.createdAt - b.createdAt);
  const surplus = rows.filter((row) => isDead(row, now)).length - deadMax;
  const gone = new Set(oldestFirst.filter((row, i) => i < surplus || mayGo(row, now - afterMs)));
  const kept = new Set(rows.filter((row) => !gone.has(row)).map(({ kind }) => kind));
  for (const row of [...gone].reverse()) {
    if (kept.has(row.kind)) continue;
    gone.delete(row);
    kept.add(row.kind);
  }
  return [...gone];
}

/** In ms; infinite for what is alive. */
function deadSince({ revokedAt, kind, expiresAt }: CredentialRow): number {
  return revokedAt ?? (kind === 'join' ? expiresAt : null) ?? Number.POSITIVE_INFINITY;
}
