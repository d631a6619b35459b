/**
 * The coded errors of the wire. Whether to retry is a property of the code, not of whoever catches it.
 *
 * - A *reject* settles one batch or one group of it; the connection goes on.
 * - A *refusal* closes the connection.
 */
import { CLOSE_CODES } from './close-codes.ts';

export const REJECT_CODES = [
  'INVALID_NAME',
  'INVALID_LABEL',
  'INVALID_VALUE',
  'DUPLICATE_SERIES',
  'WRONG_LENGTH',
  'UNKNOWN_SHAPE',
  'FUTURE',
  'TOO_MANY_SERIES',
] as const;

export type RejectCode = (typeof REJECT_CODES)[number];

/**
 * What a reporter does after each refusal.
 * - `later`: connect again after the backoff, or after `retryAfterMs`.
 * - `new-epoch`: likewise, after moving what is unsent to a new epoch.
 * - `frame`: something that was sent is at fault, and sending it again will not help; see the reporter's rule of
 *   three closes at one seq. Without a batch in flight it is as `never`.
 * - `never`: a person has to change something: again once the credential has changed, and besides every few minutes only.
 */
export type Retry = 'later' | 'new-epoch' | 'frame' | 'never';

export const REFUSALS = {
  DUPLICATE_HOST: 'later',
  SEQ_GAP: 'later',
  SEQ_CONFLICT: 'new-epoch',
  RATE: 'later',
  DRAINING: 'later',
  BAD_FRAME: 'frame',
  FRAME_TOO_LARGE: 'frame',
  SHAPE_CONFLICT: 'frame',
  UNAUTHORIZED: 'never',
  REVOKED: 'never',
  NAME_TAKEN: 'never',
  VERSION: 'never',
} as const satisfies Record<string, Retry>;

export type RefuseCode = keyof typeof REFUSALS;

export function isRejectCode(text: string): text is RejectCode {
  return (REJECT_CODES as readonly string[]).includes(text);
}

export function isRefuseCode(text: string): text is RefuseCode {
  return Object.hasOwn(REFUSALS, text);
}

/** A fault for which the connection must end. */
export class RefuseError extends Error {
  override readonly name = 'RefuseError';
  readonly code: RefuseCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: RefuseCode, message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  get retry(): Retry {
    return REFUSALS[this.code];
  }

  get closeCode(): number {
    return CLOSE_CODES[this.code];
  }
}

/** What is wrong with one batch, group or shape; the connection goes on. */
export interface Fault {
  readonly code: RejectCode;
  readonly message: string;
  /** The limit that was passed, where it is one. */
  readonly limit?: FaultLimit;
}

/** Limits on what a host may say, by the names that metrics have for them. */
export type FaultLimit = 'series' | 'labels' | 'name_length' | 'value_length' | 'help_length';
