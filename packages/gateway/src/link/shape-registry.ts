/**
 * Equal shapes are held once for the whole fleet. The registry holds them weakly: connections and the fleet keep alive
 * what they use, and a shape that nobody uses any more goes by itself.
 */
import { createHash } from 'node:crypto';
import { decodeShape } from '@tributary/shared/decode-shape';
import { encodeShapeBody } from '@tributary/shared/encode';
import type { JsonObject } from '@tributary/shared/fields';
import { type Shape, seriesCount } from '@tributary/shared/shape';
import type { ShapeKey } from '../ledger/ledger.ts';
import { type Admission, type AdmittedShape, admit } from './admission.ts';

export class ShapeRegistry {
  readonly #shapes = new Map<string, WeakRef<AdmittedShape>>();
  readonly #onAdmitted: (shape: AdmittedShape) => void;
  readonly #gone = new FinalizationRegistry((hash: string) => {
    if (this.#shapes.get(hash)?.deref() === undefined) this.#shapes.delete(hash);
  });

  /** @param onAdmitted is given each shape once, before anybody uses it. */
  constructor(onAdmitted: (shape: AdmittedShape) => void = () => {}) {
    this.#onAdmitted = onAdmitted;
  }

  /** How many different shapes are in use. */
  get size(): number {
    return this.#shapes.size;
  }

  /** The shape whose content (`encodeShapeBody`) has this SHA-256, in hex, while anybody uses it. */
  held(hash: string): AdmittedShape | undefined {
    return this.#shapes.get(hash)?.deref();
  }

  /**
   * Admits a shape that came from a host, or finds the equal one.
   * @param onNew told of one that is not held yet, before it is judged: the number of its series, and its content.
   */
  intern(shape: Shape, onNew?: (series: number, body: string) => void): Admission {
    const body = encodeShapeBody(shape);
    const hash = createHash('sha256').update(body).digest('hex');
    const known = this.held(hash);
    if (known !== undefined) return { shape: known, fault: null };
    onNew?.(seriesCount(shape), body);
    const admission = admit(shape, { hash, body });
    if (admission.shape !== null) {
      this.#shapes.set(hash, new WeakRef(admission.shape));
      this.#gone.register(admission.shape, hash);
      this.#onAdmitted(admission.shape);
    }
    return admission;
  }

  /**
   * Admits a shape that the ledger kept. It passed once, so a fault means that the rules became stricter since, and
   * its samples are not shown any more.
   */
  restore(key: ShapeKey): Admission {
    const known = this.held(key.hash);
    if (known !== undefined) return { shape: known, fault: null };
    const decoded = decodeShape(JSON.parse(key.body) as JsonObject, Number.MAX_SAFE_INTEGER);
    return decoded.fault === null ? this.intern(decoded.shape) : { shape: null, fault: decoded.fault };
  }
}
