/** When entries are packed into blocks. */

const MINUTE_MS = 60_000;

export interface PackPolicy {
  /** An entry whose time is not so long ago is fresh, and stays as it is, */
  readonly freshMs: number;
  /** as long as its host has fewer younger ones than these. */
  readonly freshEntries: number;
  /** A host's oldest entries become a block when so many are not fresh, or as many as a block may have. */
  readonly leastEntries: number;
  /** A block has no more entries than these, and no more bytes, unless it is a single entry. */
  readonly blockEntries: number;
  readonly blockBytes: number;
  /** Nor are small blocks made one where that covers more time: a block stays for as long as its newest entry does. */
  readonly joinedMs: number;
  /** A backlog of which one commit brings so many entries of a host is written as blocks at once. */
  readonly arrivingEntries: number;
  /** A host with fewer entries than a block's gets one nevertheless when the oldest is from so long ago. */
  readonly lingerMs: number;
}

/** Five minutes at 10 s are 30 entries: a host has 30 to 94 that are not packed, one that sends each minute 5 to 30. */
export const PACK_POLICY: PackPolicy = {
  freshMs: 5 * MINUTE_MS,
  freshEntries: 64,
  leastEntries: 64,
  blockEntries: 64,
  blockBytes: 512 * 1024,
  joinedMs: 60 * MINUTE_MS,
  arrivingEntries: 16,
  lingerMs: 30 * MINUTE_MS,
};

/** Whatever there is becomes a block, which stays as it is; for tests. */
export const PACK_ALL: PackPolicy = {
  ...PACK_POLICY,
  joinedMs: Number.NEGATIVE_INFINITY,
  freshMs: Number.NEGATIVE_INFINITY,
  freshEntries: 0,
  lingerMs: Number.NEGATIVE_INFINITY,
};

/** How much sooner, and from when on. */
interface Tighter extends Pick<PackPolicy, 'freshMs' | 'freshEntries' | 'leastEntries'> {
  /** While what is not packed takes up more than this share of `bytesMax`. */
  readonly share: number;
}

const MUCH = 1 / 4;
const TOO_MUCH = 1 / 2;

/**
 * What to do where a fleet is large for its room: a batch takes up six to fifteen times as much as it does in a block, so that what is
 * not packed is the room's least use. One step after the other, until it is little enough: who has most that is not packed is packed
 * first. Smaller blocks are packed worse and are joined with those that come after them, which is more work; so none is smaller
 * than it has to be.
 */
const TIGHTER: readonly Tighter[] = [
  // As long as memory has them, too, which is where scrapers look first (`KEEP_MS` of `tails.ts`).
  { share: MUCH, freshMs: 2 * MINUTE_MS, freshEntries: 16, leastEntries: 16 },
  { share: MUCH, freshMs: MINUTE_MS, freshEntries: 8, leastEntries: 12 },
  // Better than to remove them, or to take no more.
  { share: TOO_MUCH, freshMs: 0, freshEntries: 0, leastEntries: 2 },
];

export const TIGHTNESS_MAX = TIGHTER.length;

/** @param tightness from 0, which is the policy itself, to `TIGHTNESS_MAX` */
export function tightened(policy: PackPolicy, tightness: number): PackPolicy {
  const tighter = TIGHTER[tightness - 1];
  if (tighter === undefined) return policy;
  const { freshMs, freshEntries, leastEntries } = tighter;
  return {
    ...policy,
    freshMs: Math.min(policy.freshMs, freshMs),
    freshEntries: Math.min(policy.freshEntries, freshEntries),
    leastEntries: Math.min(policy.leastEntries, leastEntries),
  };
}

/** The share of the room that may be taken up by what is not packed, before so tight a policy is due. */
export function unpackedShareMax(tightness: number): number {
  return TIGHTER[tightness - 1]?.share ?? 0;
}
