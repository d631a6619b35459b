/** When entries are packed into blocks. */

export interface PackPolicy {
  /** An entry whose time is not so long ago is fresh, and stays as it is, */
  readonly freshMs: number;
  /** as long as its host has fewer younger ones than these. */
  readonly freshEntries: number;
  /** Blocks have so many entries, or fewer when these have so many bytes. */
  readonly blockEntries: number;
  readonly blockBytes: number;
  /** A backlog of which one commit brings so many entries of a host is written as blocks at once. */
  readonly arrivingEntries: number;
  /** A host with fewer entries than a block's gets one nevertheless when the oldest is from so long ago. */
  readonly lingerMs: number;
}

/** Five minutes at 10 s are 30 entries: a host has 30 to 94 that are not packed, one that sends each minute 5 to 30. */
export const PACK_POLICY: PackPolicy = {
  freshMs: 5 * 60_000,
  freshEntries: 64,
  blockEntries: 64,
  blockBytes: 512 * 1024,
  arrivingEntries: 16,
  lingerMs: 30 * 60_000,
};

/** Whatever there is becomes a block; for tests. */
export const PACK_ALL: PackPolicy = {
  ...PACK_POLICY,
  freshMs: Number.NEGATIVE_INFINITY,
  freshEntries: 0,
  lingerMs: Number.NEGATIVE_INFINITY,
};
