/**
 * The ledger's upkeep, a portion at a time, so that commits get their turn in between: what is too old goes, what is no longer
 * fresh is packed, and what is then still too much goes, too.
 *
 * A fleet that is large for its room fills it before anything is packed in due time. So where what is not packed takes up much of
 * the room, packing is tightened step by step (`pack-policy.ts`) before anything goes for its size; and before it is said that all
 * is full, everything is packed.
 */
import type { TrimCounts } from '../ledger.ts';
import type { PackPlace, PackPortion, TrimPortion } from './messages.ts';
import { TIGHTNESS_MAX, unpackedShareMax } from './pack-policy.ts';

/** Each does one portion. */
export interface RoomMaker {
  /** What `trimSize` makes room for. */
  readonly bytesMax: number;
  readonly trimAge: () => Promise<TrimPortion>;
  /** @param tightness 0 to `TIGHTNESS_MAX` */
  readonly pack: (from: PackPlace, tightness: number) => Promise<PackPortion>;
  readonly trimSize: () => Promise<TrimPortion>;
}

/** Never fails: what was removed is counted, whatever came after. */
export async function makeRoom({ bytesMax, trimAge, pack, trimSize }: RoomMaker): Promise<TrimCounts> {
  const age = await untilDone(trimAge);
  if (age.failure !== null) return { age: age.removed, size: 0, full: null, failure: age.failure };
  const packing = new Packing(pack);
  await packing.due();
  for (let tightness = 1; tightness <= TIGHTNESS_MAX; tightness++)
    await packing.sooner(tightness, bytesMax * unpackedShareMax(tightness));
  // A full disk may have no room for a block. The more has to go.
  let size = await untilDone(trimSize);
  if (size.full === true && packing.failure === null && packing.left > 0) {
    await packing.sooner(TIGHTNESS_MAX, 0);
    const again = await untilDone(trimSize);
    size = { ...again, removed: size.removed + again.removed };
  }
  return {
    age: age.removed,
    size: size.removed,
    full: size.full,
    failure: size.failure ?? packing.failure,
  };
}

/** Packs until something fails. */
class Packing {
  /** Bytes that are not packed, about. */
  left = 0;
  failure: Error | null = null;
  readonly #pack: RoomMaker['pack'];

  constructor(pack: RoomMaker['pack']) {
    this.#pack = pack;
  }

  async due(): Promise<void> {
    await this.#each(0, (portion) => {
      this.left += portion.left;
      return true;
    });
  }

  /** Until no more than so many bytes are left, or there is nothing more to pack by this policy. */
  async sooner(tightness: number, leftMax: number): Promise<void> {
    if (this.failure !== null || this.left <= leftMax) return;
    await this.#each(tightness, (portion) => {
      this.left -= portion.bytes;
      return this.left > leftMax;
    });
  }

  /** @param goesOn told of each portion */
  async #each(tightness: number, goesOn: (portion: PackPortion) => boolean): Promise<void> {
    try {
      for (let from: PackPlace | null = 0; from !== null; ) {
        const portion: PackPortion = await this.#pack(from, tightness);
        if (!goesOn(portion)) return;
        from = portion.next;
      }
    } catch (error) {
      this.failure = toError(error);
    }
  }
}

interface Trimmed {
  readonly removed: number;
  /** Null where that is not known. */
  readonly full: boolean | null;
  readonly failure: Error | null;
}

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

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
