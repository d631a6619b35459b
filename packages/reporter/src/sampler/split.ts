/**
 * Splits a column whose shape would not fit into a frame. Families stay whole where they can; one that is too large by
 * itself is split between its series, which is right for families whose metrics are one series each.
 */
import { encodeShapeBody } from '@tributary/shared/encode';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import type { Family, Shape } from '@tributary/shared/shape';
import type { Column } from '../collectors/columns.ts';

/** Half a frame: room for the frame's other fields, and a new device restates little. */
export const SHAPE_BYTES_MAX = DEFAULT_LIMITS.frameBytesMax / 2;

/** Kept as long as the shape it was made of: shapes are compared by identity further on. */
const known = new WeakMap<Shape, readonly Shape[]>();

/** Every column of a layer that is too large split. */
export function splitLayer(layer: readonly Column[]): readonly Column[] {
  return layer.flatMap((column) => splitColumn(column));
}

export function splitColumn(column: Column, bytesMax = SHAPE_BYTES_MAX): readonly Column[] {
  let parts = known.get(column.shape);
  if (parts === undefined) {
    parts = splitShape(column.shape, bytesMax);
    known.set(column.shape, parts);
  }
  if (parts.length === 1) return [column];
  let offset = 0;
  return parts.map((shape) => {
    const length = shape.families.reduce((sum, family) => sum + family.series.length, 0);
    const values = column.values.slice(offset, offset + length);
    offset += length;
    return { ...column, shape, values };
  });
}

function splitShape(shape: Shape, bytesMax: number): readonly Shape[] {
  if (Buffer.byteLength(encodeShapeBody(shape)) <= bytesMax) return [shape];
  const parts: Shape[] = [];
  let families: Family[] = [];
  let bytes = 0;
  const close = () => {
    if (families.length > 0) parts.push({ labels: shape.labels, families });
    families = [];
    bytes = 0;
  };
  for (const piece of shape.families.flatMap((family) => splitFamily(family, bytesMax / 2))) {
    const pieceBytes = bytesOf(piece);
    // A shape names a family once, so two pieces of one never share a part.
    if (bytes + pieceBytes > bytesMax / 2 || families.at(-1)?.name === piece.name) close();
    families.push(piece);
    bytes += pieceBytes;
  }
  close();
  return parts;
}

function splitFamily(family: Family, bytesMax: number): Family[] {
  const bytes = bytesOf(family);
  if (bytes <= bytesMax) return [family];
  const count = Math.ceil(bytes / bytesMax) + 1;
  const size = Math.max(1, Math.ceil(family.series.length / count));
  const pieces: Family[] = [];
  for (let i = 0; i < family.series.length; i += size) {
    pieces.push({ ...family, series: family.series.slice(i, i + size) });
  }
  return pieces;
}

function bytesOf(family: Family): number {
  return Buffer.byteLength(JSON.stringify(family));
}
