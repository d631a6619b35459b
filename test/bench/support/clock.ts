/** A clock that all processes of this machine share and nobody sets, so that what one has seen can be laid beside what another has. */

/** Since some moment, in ms. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** From one moment of that clock to another. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export function overlap(a: Span, b: Span): boolean {
  return a.fromMs <= b.toMs && b.fromMs <= a.toMs;
}
