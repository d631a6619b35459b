/**
 * Declarations of what the fleet has already, told by their bytes. When ten thousand hosts come back each declares a dozen shapes, nearly
 * all of which others have: to decode them, and to encode them again to see that they are known, took a fifth of what a host took.
 */
import { createHash } from 'node:crypto';
import type { AdmittedShape } from './admission.ts';
import type { ShapeRegistry } from './shape-registry.ts';

/** A declaration that was not decoded. */
export interface KnownShapeFrame {
  readonly kind: 'shape';
  readonly id: number;
  readonly known: AdmittedShape;
}

/** What a frame begins with when it is written as `encodeShapeFrame` writes it. */
const BEGIN = Buffer.from('{"kind":"shape","id":');
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
/** Of an id: longer ones are left to the decoder. */
const DIGITS_MAX = 9;

/**
 * @returns null when the frame is anything else, or has to be decoded and judged; never for what the decoder would refuse.
 * @param seriesMax of a shape: more than this is a fault, which the decoder tells.
 */
export function knownShapeOf(
  frame: Buffer,
  shapes: Pick<ShapeRegistry, 'held'>,
  seriesMax: number,
): KnownShapeFrame | null {
  if (frame.length <= BEGIN.length || BEGIN.compare(frame, 0, BEGIN.length) !== 0) return null;
  let id = 0;
  let at = BEGIN.length;
  for (; at < BEGIN.length + DIGITS_MAX; at++) {
    const byte = frame[at] ?? 0;
    if (byte < ZERO || byte > NINE) break;
    id = id * 10 + byte - ZERO;
  }
  // JSON knows no number that begins with a zero, and an id is at least 1.
  if (frame[at] !== COMMA || frame[BEGIN.length] === ZERO || at === BEGIN.length) return null;
  // The hash is of the one form that the content has, so whatever has it is that content in that form.
  const hash = createHash('sha256')
    .update('{')
    .update(frame.subarray(at + 1))
    .digest('hex');
  const known = shapes.held(hash);
  // An instance may be the name of one host and of no other.
  if (known === undefined || known.length > seriesMax || 'instance' in known.labels) return null;
  return { kind: 'shape', id, known };
}
