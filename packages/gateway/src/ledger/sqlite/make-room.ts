/**
 * The ledger's upkeep, a portion at a time, so that commits get their turn in between: what is too old goes, what is no longer
 * fresh is packed, and what is then still too much goes, too.
 */
import type { TrimCounts } from '../ledger.ts';
import type { PackPlace, PackPortion, TrimPortion } from './messages.ts';

/** Each does one portion. */
export interface RoomMaker {
  readonly trimAge: () => Promise<TrimPortion>;
  readonly pack: (from: PackPlace) => Promise<PackPortion>;
  readonly trimSize: () => Promise<TrimPortion>;
}

export async function makeRoom({ trimAge, pack, trimSize }: RoomMaker): Promise<TrimCounts> {
  const { removed: age } = await untilDone(trimAge);
  let unpacked: Error | null = null;
  try {
    for (let from: PackPlace | null = 0; from !== null; from = (await pack(from)).next);
  } catch (error) {
    // A full disk may have no room for a block. The more has to go.
    unpacked = error instanceof Error ? error : new Error(String(error));
  }
  const { removed: size, full } = await untilDone(trimSize);
  return { age, size, full, unpacked };
}

async function untilDone(trim: () => Promise<TrimPortion>): Promise<{ removed: number; full: boolean }> {
  let removed = 0;
  for (;;) {
    const portion = await trim();
    removed += portion.removed;
    if (!portion.more) return { removed, full: portion.full };
  }
}
