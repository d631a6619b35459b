/**
 * The spool's shapes: each content once, under an id that batches name. A host whose devices come and go makes new ones
 * all the time, so a shape goes with the last batch that names it.
 */
import { encodeShapeBody } from '@tributary/shared/encode';
import type { Shape } from '@tributary/shared/shape';
import type { Statements } from './statements.ts';

export class ShapeStore {
  readonly #sql: Statements;
  #ids = new WeakMap<Shape, number>();
  #inUse: readonly number[];

  constructor(sql: Statements) {
    this.#sql = sql;
    this.#inUse = (sql.shapesInUse.all() as { id: number }[]).map(({ id }) => id);
  }

  /** The ids of the shapes that the newest batch names. */
  get inUse(): readonly number[] {
    return this.#inUse;
  }

  /** The id of a shape, which is stored if it is new. Equal contents have one id, whichever object carries them. */
  idOf(shape: Shape): number {
    let id = this.#ids.get(shape);
    if (id === undefined) {
      const body = encodeShapeBody(shape);
      const row = (this.#sql.shapeId.get(body) ?? this.#sql.addShape.get(body)) as { id: number };
      id = row.id;
      this.#ids.set(shape, id);
    }
    return id;
  }

  /** Takes note of what batch `seq`, the newest, names. Hardly ever anything else than the one before it. */
  used(ids: readonly number[], seq: number): void {
    const before = this.#inUse;
    if (ids.length === before.length && ids.every((id, i) => id === before[i])) return;
    const now = new Set(ids);
    for (const id of before) if (!now.has(id)) this.#sql.retireShape.run({ id, seq: seq - 1 });
    for (const id of ids) this.#sql.useShape.run(id);
    this.#inUse = ids;
  }

  /** Removes the shapes that no batch from `oldest` on names. */
  prune(oldest: number): void {
    // Whoever still holds such a shape must not be given its old id.
    if (this.#sql.pruneShapes.run(oldest).changes > 0) this.#ids = new WeakMap();
  }

  /** After a transaction that failed: what it stored is not there. @param inUse as it was before. */
  undo(inUse: readonly number[]): void {
    this.#ids = new WeakMap();
    this.#inUse = inUse;
  }
}
