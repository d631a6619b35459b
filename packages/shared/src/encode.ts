/**
 * Encodes frames. Shapes and groups have one form only, so that the same content is always the same bytes: both ends
 * hash and compare what they stored.
 */
import type { Bye, GatewayFrame, Hello, Skip } from './frames.ts';
import type { Labels, Shape } from './shape.ts';

/** Frames that are small and rare. */
export function encodeFrame(frame: GatewayFrame | Hello | Skip | Bye): string {
  return JSON.stringify(frame);
}

/** A shape without its id, as the spool and the ledger keep it: labels sorted by name, fields in a fixed order. */
export function encodeShapeBody(shape: Shape): string {
  const families = shape.families.map(({ name, type, help, series }) => ({
    name,
    type,
    help,
    series: series.map(([suffix, labels]) => [suffix, sorted(labels)]),
  }));
  return JSON.stringify({ labels: sorted(shape.labels), families });
}

/** Mostly they are sorted, or at most one, and then nothing is copied. */
function sorted(labels: Labels): Labels {
  const names = Object.keys(labels);
  if (names.every((name, i) => i === 0 || (names[i - 1] ?? '') < name)) return labels;
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
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
