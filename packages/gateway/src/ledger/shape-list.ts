/** The shapes of a batch's groups, in their order. */
import type { ShapeKey } from './ledger.ts';

export interface ShapeList<S extends ShapeKey = ShapeKey> {
  readonly shapes: readonly S[];
  readonly hashes: readonly string[];
}

const NO_SHAPES: ShapeList<never> = { shapes: [], hashes: [] };
/** By the first shape, the list that a batch had last. */
const lists = new WeakMap<ShapeKey, ShapeList>();

/**
 * The same list for the same shapes, mostly, since nearly all batches of a fleet have one of few: what is sent to the worker, and what
 * is remembered of a batch, has it once.
 */
export function shapeListOf<S extends ShapeKey>(groups: readonly { readonly shape: S }[]): ShapeList<S> {
  const first = groups[0]?.shape;
  if (first === undefined) return NO_SHAPES;
  const last = lists.get(first);
  // The same shapes are of the same type.
  if (last?.shapes.length === groups.length && last.shapes.every((shape, i) => shape === groups[i]?.shape))
    return last as ShapeList<S>;
  const shapes = groups.map(({ shape }) => shape);
  const list = { shapes, hashes: shapes.map(({ hash }) => hash) };
  lists.set(first, list);
  return list;
}
