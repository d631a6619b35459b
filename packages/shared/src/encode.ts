/**
 * Encodes frames. The order of fields is fixed, so that the same content is always the same bytes: both ends hash and
 * compare what they stored.
 */
import type { Bye, GatewayFrame, Hello, Skip } from './frames.ts';
import type { Shape } from './shape.ts';

/** Frames that are small and rare. */
export function encodeFrame(frame: GatewayFrame | Hello | Skip | Bye): string {
  return JSON.stringify(frame);
}

/** A shape without its id, as the spool and the ledger keep it. */
export function encodeShapeBody(shape: Shape): string {
  return JSON.stringify({ labels: shape.labels, families: shape.families });
}

/** @param body what `encodeShapeBody` gave. */
export function encodeShapeFrame(id: number, body: string): string {
  return `{"kind":"shape","id":${id},${body.slice(1)}`;
}

/** @param groups the JSON array of groups, as the spool keeps it. */
export function encodeBatchFrame(seq: number, at: number, groups: string): string {
  return `{"kind":"batch","seq":${seq},"at":${at},"groups":${groups}}`;
}

/** One group of a batch as JSON. `at` only where it is not the batch's. */
export function encodeGroup(shapeId: number, values: readonly (number | null)[], at?: number): string {
  const moment = at === undefined ? '' : `"at":${at},`;
  return `{"shape":${shapeId},${moment}"values":${encodeValues(values)}}`;
}

/** The array of a group's values: JSON has no NaN and no infinities, so these travel as text. */
export function encodeValues(values: readonly (number | null)[]): string {
  for (const value of values) {
    if (value !== null && !Number.isFinite(value)) return JSON.stringify(values.map(encodeValue));
  }
  return JSON.stringify(values);
}

function encodeValue(value: number | null): number | string | null {
  if (value === null || Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
