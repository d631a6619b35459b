/** What is wrong with a text, and where. Kept apart from the error that callers see, since lines are counted only then. */
import { ExpositionError } from './exposition-error.ts';

export class Mistake extends Error {
  override readonly name = 'Mistake';
  /** Place in the text. */
  readonly at: number;
  readonly reason: 'format' | 'limit';

  constructor(at: number, message: string, reason: 'format' | 'limit' = 'format') {
    super(message);
    this.at = at;
    this.reason = reason;
  }
}

/** Of a line in an error, no more is even looked at. */
const LINE_CHARS_MAX = 200;

/** The same for people: with its line's number, and what stands there. */
export function explain({ at, reason, message }: Mistake, text: string): ExpositionError {
  const place = Math.min(at, text.length);
  let line = 1;
  for (let next = text.indexOf('\n'); next >= 0 && next < place; next = text.indexOf('\n', next + 1)) line++;
  const from = place === 0 ? 0 : text.lastIndexOf('\n', place - 1) + 1;
  const end = text.indexOf('\n', from);
  // Of a long line, what is before the mistake is cut, and not the mistake.
  const start = Math.max(from, place - LINE_CHARS_MAX / 4);
  const excerpt = text.slice(start, Math.min(end < 0 ? text.length : end, start + LINE_CHARS_MAX));
  return new ExpositionError(reason, line, message, start > from ? `…${excerpt}` : excerpt);
}
