/** Why a push is refused: one table of reasons, each with the status that its sender gets. */

export const REFUSALS = {
  /** From a browser, another machine, or by a name that is not this machine's. */
  not_local: 403,
  path: 400,
  method: 405,
  too_large: 413,
  /** Too many bodies at once, or more than there is time for. */
  busy: 503,
  encoding: 415,
  content_type: 415,
  /** The text breaks the format. */
  format: 400,
  timestamps: 400,
  /** Against itself, or against what other groups hold. */
  inconsistent: 400,
  /** Names that are the reporter's own. */
  reserved: 400,
  /** Something that the wire to the gateway does not carry. */
  unfit: 400,
  too_many_series: 400,
  /** Few series may still have very long labels. */
  too_much_text: 400,
  too_many_groups: 400,
  aborted: 400,
} as const satisfies Record<string, number>;

export type RefusalReason = keyof typeof REFUSALS;

export const REFUSAL_REASONS = Object.keys(REFUSALS) as readonly RefusalReason[];

export class PushError extends Error {
  override readonly name = 'PushError';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }

  get status(): number {
    return REFUSALS[this.reason];
  }
}
