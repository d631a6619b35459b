/** Times derived anew, once it is known what the clock should have said. */
import { FUTURE_MS_MAX } from '@tributary/shared/limits';
import type { Marks } from './marks.ts';
import type { Statements } from './statements.ts';

interface StoredMoment {
  readonly at: number;
  readonly boot: string;
  readonly mono: number;
}

/** No batch is older than the program that writes it: a clock that says so was never set. */
const EARLIEST_AT = Date.UTC(2026, 0, 1);

/** The time that a new batch of this moment must come after. */
export function floorOf(
  { lastAt, lastBoot, next, sent, sentAt }: Marks,
  moment: { readonly at: number; readonly boot: string },
  timeIsSure: boolean,
): number {
  const floor = lastBoot === moment.boot || next - 1 <= sent ? lastAt : sentAt;
  return timeIsSure && isFuture(floor, moment.at) ? 0 : floor;
}

/** A gateway rejects what is so far ahead of its clock, so nothing has to come after it. */
function isFuture(at: number, now: number): boolean {
  return at > now + FUTURE_MS_MAX;
}

/**
 * Derives every batch of this boot that cannot have been sent from `offset`. None comes to stand at or before a time that
 * was sent. To be called in a transaction.
 * @param now the corrected clock; null while nobody has confirmed it. A sent time that no gateway took is not heeded then.
 * @returns how many changed.
 */
export function restateBoot(
  sql: Statements,
  marks: Marks,
  boot: string,
  offset: number,
  now: number | null,
): number {
  const { sent, sentAt } = marks;
  const floor = now !== null && isFuture(sentAt, now) ? 0 : sentAt;
  const { changes } = sql.restate.run({ boot, offset, sent, floor });
  if (changes > 0) marks.lastAt = (sql.momentOf.get(marks.next - 1) as StoredMoment).at;
  return changes;
}

/**
 * What earlier boots took and nobody has seen is left as it is, unless its times cannot be right: later than the first
 * batch of the boot that came after it, or older than this program. How long the machine was off is not known then, so the
 * last batch is put right before that one, and the others stand before it as far as their own clock says. That is late
 * by the time that the machine was off; as they stood, no gateway would take them. When the later boot itself began says
 * nothing: a container that is made anew has another name and the old kernel. To be called in a transaction.
 * @param now this boot's moment, on a clock that is sure.
 * @returns how many changed.
 */
export function restateEarlierBoots(
  sql: Statements,
  marks: Marks,
  now: { readonly at: number; readonly boot: string },
): number {
  let changed = 0;
  let endsBefore = now.at;
  const boots = sql.unsentBoots.all(marks.sent) as { boot: string; first: number; last: number }[];
  for (const { boot, first, last } of boots) {
    const { at, mono } = sql.momentOf.get(last) as StoredMoment;
    if (boot !== now.boot && (at >= endsBefore || at < EARLIEST_AT)) {
      changed += restateBoot(sql, marks, boot, endsBefore - 1 - mono, now.at);
    }
    endsBefore = Math.min(endsBefore, (sql.momentOf.get(first) as StoredMoment).at);
  }
  return changed;
}
