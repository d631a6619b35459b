/**
 * The shapes that one connection has declared. An id means the same content for the whole epoch, and what one connection
 * may declare is bounded: whoever needs more has ids to throw away, and connects again.
 */
import { RefuseError } from '@tributary/shared/errors';
import type { ShapeFrame } from '@tributary/shared/frames';
import { SHAPES_PER_EPOCH_MAX, type WireLimits } from '@tributary/shared/limits';
import { type HostRates, seriesCost } from '../limits/host-rates.ts';
import { type Admission, faultOfInstance } from './admission.ts';
import { type KnownShapeFrame, knownShapeOf } from './known-shape.ts';
import type { LinkObserver } from './observer.ts';
import type { ShapeRegistry } from './shape-registry.ts';

/** What all shapes of one connection may cost together, as a multiple of the series that a host may have at a time. */
const DECLARED_SERIES_FACTOR = 8;

export interface DeclaredShapesParts {
  readonly shapes: ShapeRegistry;
  readonly rates: Pick<HostRates, 'takeNewSeries'>;
  readonly observer: Pick<LinkObserver, 'limited'>;
  readonly limits: Pick<WireLimits, 'seriesMax'>;
}

export class DeclaredShapes {
  readonly #parts: DeclaredShapesParts;
  readonly #seriesMax: number;
  readonly #byId = new Map<number, Admission>();
  #series = 0;

  constructor(parts: DeclaredShapesParts) {
    this.#parts = parts;
    this.#seriesMax = DECLARED_SERIES_FACTOR * parts.limits.seriesMax;
  }

  /** Sound ones and those that were turned away. */
  get byId(): ReadonlyMap<number, Admission> {
    return this.#byId;
  }

  /** @throws RefuseError `SHAPE_CONFLICT` or `RATE` */
  declare(frame: ShapeFrame | KnownShapeFrame, host: string): void {
    const { id } = frame;
    const admission = this.#admissionOf(frame, host);
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
    if (admission.shape !== null) this.#series += seriesCost(admission.shape.length, admission.shape.body);
    if (this.#byId.size >= SHAPES_PER_EPOCH_MAX || this.#series > this.#seriesMax) {
      this.#parts.observer.limited(host, 'declared_series');
      const message = `more than ${SHAPES_PER_EPOCH_MAX} shapes, or ${this.#seriesMax} series in them, were declared on one connection`;
      throw new RefuseError('RATE', message);
    }
    this.#byId.set(id, admission);
  }

  /** Null when the frame is no declaration of what is held already: then it has to be decoded. */
  known(frame: Buffer): KnownShapeFrame | null {
    return knownShapeOf(frame, this.#parts.shapes, this.#parts.limits.seriesMax);
  }

  #admissionOf(frame: ShapeFrame | KnownShapeFrame, host: string): Admission {
    if ('known' in frame) return { shape: frame.known, fault: null };
    return frame.shape === null ? frame : this.#admit(frame.shape, host);
  }

  #admit(shape: NonNullable<ShapeFrame['shape']>, host: string): Admission {
    const fault = faultOfInstance(shape.labels, host);
    if (fault !== null) return { shape: null, fault };
    // The host's own name is the default; leaving it out lets hosts share the shape.
    const { instance, ...labels } = shape.labels;
    const { shapes, rates } = this.#parts;
    return shapes.intern(instance === host ? { ...shape, labels } : shape, (series, body) =>
      // What the fleet has already costs nothing: whoever starts anew says what it said before.
      rates.takeNewSeries(host, seriesCost(series, body)),
    );
  }
}
