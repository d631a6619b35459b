/** What stands in the ledger for seqs that a reporter passes. */
import type { Skip } from '@tributary/shared/frames';
import type { TombstoneEntry } from '../ledger/ledger.ts';

/**
 * @param seq the first that is not settled yet; the skip may begin before it.
 * @param now ms since 1970, on the gateway's clock.
 */
export function skipEntry({ to, reason, fromAt, toAt }: Skip, seq: number, now: number): TombstoneEntry {
  return {
    kind: 'tombstone',
    seq,
    lastSeq: to,
    // Nothing was lost in the future, and no time where none was told.
    fromAt: Math.min(fromAt ?? now, now),
    at: Math.min(toAt ?? now, now),
    reason: `skipped:${reason}`,
    contentHash: 0,
  };
}
