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

/** Never fails: what was removed is counted, whatever came after. */
export async function makeRoom({ trimAge, pack, trimSize }: RoomMaker): Promise<TrimCounts> {
  const age = await untilDone(trimAge);
  const unpacked = age.failure === null ? await packAll(pack) : null;
  // A full disk may have no room for a block. The more has to go.
  const size = age.failure === null ? await untilDone(trimSize) : NOTHING;
  return {
    age: age.removed,
    size: size.removed,
    full: size.full,
    failure: age.failure ?? size.failure ?? unpacked,
  };
}

interface Trimmed {
  readonly removed: number;
  /** Null where that is not known. */
  readonly full: boolean | null;
  readonly failure: Error | null;
}

const NOTHING: Trimmed = { removed: 0, full: null, failure: null };

async function untilDone(trim: () => Promise<TrimPortion>): Promise<Trimmed> {
  let removed = 0;
  try {
    for (;;) {
      const portion = await trim();
      removed += portion.removed;
      if (!portion.more) return { removed, full: portion.full, failure: null };
    }
  } catch (error) {
    return { removed, full: null, failure: toError(error) };
  }
}

async function packAll(pack: RoomMaker['pack']): Promise<Error | null> {
  try {
    for (let from: PackPlace | null = 0; from !== null; from = (await pack(from)).next);
    return null;
  } catch (error) {
    return toError(error);
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
