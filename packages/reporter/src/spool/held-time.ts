/**
 * How much older than its batch a group is, while the time of batches does not go as the clock does.
 *
 * While the clock is behind the newest batch, time goes on in small steps, and a group's age in real milliseconds would put
 * it before what was told of its series with an earlier tick; a gateway drops that. So the moment at which a group was
 * taken is looked up in the time that the batches had: between two ticks it lies in the same share of the way as it did in
 * reality, and before them it is not earlier than any of them would have said. So moments keep their order, and no group
 * is late by more than the batches are.
 */
import type { Moment } from './batch.ts';
import type { Marks } from './marks.ts';
import type { Statements } from './statements.ts';
import type { SpoolGroup } from './stored-groups.ts';

/** A tick on both clocks; `at` is the time that its batches have. */
export interface HeldTick {
  readonly mono: number;
  readonly at: number;
}

/** Batches that are looked at; moments from before them go by the oldest of these. */
const BATCHES_MAX = 256;

/**
 * By so much two clocks differ from tick to tick though nobody set one: they are rounded, and steered a little. No moment
 * comes out of its order for that, and a timestamp that a target gave is to stay as it is, to the millisecond.
 */
const STEERED_MS_MAX = 100;

/**
 * @param ticks before `now`, the newest first.
 * @returns what to subtract from `now.at`, in whole ms.
 */
export function heldAge(ageMs: number, now: HeldTick, ticks: readonly HeldTick[]): number {
  const taken = now.mono - ageMs;
  let at = now.at - ageMs;
  let later = now;
  for (const earlier of ticks) {
    const isHeld = earlier.at - earlier.mono > now.at - now.mono + STEERED_MS_MAX;
    if (taken > earlier.mono) {
      const share = (taken - earlier.mono) / (later.mono - earlier.mono);
      if (isHeld) at = Math.max(at, earlier.at + share * (later.at - earlier.at));
      break;
    }
    if (isHeld) at = Math.max(at, taken + earlier.at - earlier.mono);
    later = earlier;
  }
  return Math.max(0, Math.floor(now.at - at));
}

/** The groups of a batch at `now`, which is not written yet, with ages that are to be subtracted from its time. */
export function withHeldAges(
  sql: Statements,
  marks: Marks,
  now: Moment,
  groups: readonly SpoolGroup[],
): readonly SpoolGroup[] {
  const oldestMs = groups.reduce((oldest, { ageMs = 0 }) => Math.max(oldest, ageMs), 0);
  if (oldestMs === 0) return groups;
  const ticks = ticksBefore(sql, marks, now, now.mono - oldestMs);
  return groups.map((group) =>
    group.ageMs === undefined ? group : { ...group, ageMs: heldAge(group.ageMs, now, ticks) },
  );
}

/**
 * The ticks of this boot before `now`, back to the one before `sinceMono`. The last one is known even where its batches
 * are gone. What is not before `now` in time was not heeded, and is no measure.
 */
function ticksBefore(sql: Statements, marks: Marks, now: Moment, sinceMono: number): HeldTick[] {
  const ticks: HeldTick[] = [];
  let last: HeldTick = now;
  const isNext = ({ boot, mono, at }: Moment) => boot === now.boot && mono < last.mono && at < last.at;
  const add = ({ mono, at }: Moment) => {
    last = { mono, at };
    ticks.push(last);
  };
  const newest = { boot: marks.lastBoot, mono: marks.lastMono, at: marks.lastAt };
  if (!isNext(newest)) return ticks;
  add(newest);
  for (const row of sql.momentsBack.iterate(marks.next, BATCHES_MAX) as Iterable<Moment>) {
    if (last.mono < sinceMono) break;
    // A tick may have several batches.
    if (row.boot === now.boot && row.mono === last.mono) continue;
    if (!isNext(row)) break;
    add(row);
  }
  return ticks;
}
