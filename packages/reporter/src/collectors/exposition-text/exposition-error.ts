/** Why the exposition of a target was refused whole. */
import { printable, quote } from '@tributary/shared/names';

/**
 * `format`: the text is not what its format allows. `limit`: it may be well formed, but holds more than is taken.
 * `content_type`: it is of a kind that is not read at all.
 */
export type ExpositionReason = 'format' | 'limit' | 'content_type';

/** So much of a line is shown in a message. */
const EXCERPT_CHARS = 80;

export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
  /** What to count it under. */
  readonly reason: ExpositionReason;
  /** Counts from one; 0 where no line is at fault. */
  readonly line: number;

  /** @param excerpt the line at fault, of any length; it is cut, and what could not be seen is escaped. */
  constructor(reason: ExpositionReason, line: number, what: string, excerpt = '') {
    const where = line === 0 ? '' : `line ${line}: `;
    super(`${where}${printable(what)}${excerpt === '' ? '' : `, in ${quote(excerpt, EXCERPT_CHARS)}`}`);
    this.reason = reason;
    this.line = line;
  }
}
