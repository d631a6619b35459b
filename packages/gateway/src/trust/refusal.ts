/** Why somebody is turned away. */
export interface Refusal {
  /** Of HTTP. */
  readonly status: number;
  /** Short and fixed, for the metric. */
  readonly reason: RefusalReason;
  /** For the person at the other end; says nothing about the inside. */
  readonly message: string;
  /** Values of `WWW-Authenticate`. */
  readonly challenges: readonly string[];
}

export const REFUSAL_REASONS = [
  'not_loopback',
  'forwarded',
  'foreign_host',
  'foreign_origin',
  'no_credential',
  'bad_credential',
  'wrong_role',
  'too_many_failures',
  'busy',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** When to try again what was refused by 429 or 503. */
export const RETRY_SECONDS = 1;

export function forbidden(reason: RefusalReason, message: string): Refusal {
  return { status: 403, reason, message, challenges: [] };
}
