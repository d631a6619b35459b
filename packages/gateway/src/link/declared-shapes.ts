/**
 * The shapes that one connection has declared. An id means the same content for the whole epoch, and what one connection
 * may declare is bounded: whoever needs more has ids to throw away, and connects again.
 */
import { RefuseError } from '@tributary/shared/errors';
import type { ShapeFrame } from '@tributary/shared/frames';
import { SHAPES_PER_EPOCH_MAX } from '@tributary/shared/limits';
import { type Admission, faultOfInstance } from './admission.ts';
import type { ShapeRegistry } from './shape-registry.ts';

/** Series that all shapes of one connection may have together, as a multiple of what a host may have at a time. */
const DECLARED_SERIES_FACTOR = 8;

export class DeclaredShapes {
  readonly #registry: ShapeRegistry;
  readonly #seriesMax: number;
  readonly #byId = new Map<number, Admission>();
  #series = 0;

  /** @param seriesMax what a host may have at a time. */
  constructor(registry: ShapeRegistry, seriesMax: number) {
    this.#registry = registry;
    this.#seriesMax = DECLARED_SERIES_FACTOR * seriesMax;
  }

  /** Sound ones and those that were turned away. */
  get byId(): ReadonlyMap<number, Admission> {
    return this.#byId;
  }

  /** @throws RefuseError `SHAPE_CONFLICT` or `RATE` */
  declare(frame: ShapeFrame, host: string): void {
    const { id } = frame;
    const admission: Admission = frame.shape === null ? frame : this.#admit(frame.shape, host);
    const known = this.#byId.get(id);
    if (known !== undefined) {
      if (
        known.shape === admission.shape &&
        (known.shape !== null || known.fault.message === admission.fault?.message)
      ) {
        return;
      }
      throw new RefuseError('SHAPE_CONFLICT', `shape ${id} was declared with another content in this epoch`);
    }
    this.#series += admission.shape?.length ?? 0;
    if (this.#byId.size >= SHAPES_PER_EPOCH_MAX || this.#series > this.#seriesMax) {
      const message = `more than ${SHAPES_PER_EPOCH_MAX} shapes, or ${this.#seriesMax} series in them, were declared on one connection`;
      throw new RefuseError('RATE', message);
    }
    this.#byId.set(id, admission);
  }

  #admit(shape: NonNullable<ShapeFrame['shape']>, host: string): Admission {
    const fault = faultOfInstance(shape.labels, host);
    if (fault !== null) return { shape: null, fault };
    // The host's own name is the default; leaving it out lets hosts share the shape.
    const { instance, ...labels } = shape.labels;
    return this.#registry.intern(instance === host ? { ...shape, labels } : shape);
  }
}
