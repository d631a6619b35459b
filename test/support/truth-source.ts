/**
 * A host's truth, read when it is wanted and let go: a fleet's day would not fit into memory at once. Its outline is
 * cheap, and tells when a store may have everything.
 */
import { type HostTruth, readMoments, readTruth, type TruthOptions } from './truth.ts';

export interface TruthSource {
  readonly host: string;
  /** How many moments the host has sampled at; a series that is in every batch has as many points. */
  readonly moments: number;
  /** 0 when there are none. */
  readonly firstAt: number;
  readonly lastAt: number;
  read(): HostTruth;
}

/** As `readTruth`, which `read` calls. What the host takes after this call is not in the outline. */
export function truthSource(
  host: string,
  folders: readonly string[],
  options: TruthOptions = {},
): TruthSource {
  const moments = readMoments(folders, options);
  return {
    host,
    moments: moments.length,
    firstAt: moments[0] ?? 0,
    lastAt: moments.at(-1) ?? 0,
    read: () => readTruth(host, folders, options),
  };
}
