/** What an exposition is made of: points of hosts, by shape, and the gateway's own series. */
import type { Column } from '@tributary/shared/column';
import type { AdmittedShape } from '../link/admission.ts';

/** One point of every series of a shape. */
export interface Point {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly column: Column;
  /** `hidden[i] === 1` where the i-th series must not be shown from this point; null shows all that are present. */
  readonly hidden: Uint8Array | null;
}

/** What one host has to show of one shape. */
export interface HostPoints {
  readonly host: string;
  /** What stands behind every prefix of the shape's lines: `targetText` of link/series-text.ts. */
  readonly target: string;
  /** Oldest first; at least one. */
  readonly points: readonly Point[];
}

/** By shape, hosts in order of their names. */
export type HostInput = ReadonlyMap<AdmittedShape, readonly HostPoints[]>;

export type { OwnFamily, OwnSeries } from '../telemetry/own-family.ts';
