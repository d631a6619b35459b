/**
 * Arithmetic of places: what of a host's log a reader has not taken, and what is left of that when some ranges are.
 * Ranges are measured twice, in offsets and in samples; both rise along a log, so either tells the same.
 */
import { LOG_START, type LogRange, type Place, type Position } from '../../ledger/ledger.ts';

/** Nothing of the log is taken. */
export const NOTHING_TAKEN: Place = { taken: LOG_START, open: [] };

export function placeAt(taken: Position): Place {
  return { taken, open: [] };
}

/** The place of a reader that takes `ranges` as well. */
export function take(place: Place, ranges: readonly LogRange[]): Place {
  let { taken } = place;
  for (const { through } of ranges) if (through.offset > taken.offset) taken = through;
  let open = place.open;
  if (taken !== place.taken) open = [...open, { after: place.taken, through: taken }];
  for (const range of ranges) open = open.flatMap((piece) => subtract(piece, range));
  return taken === place.taken && sameRanges(open, place.open) ? place : { taken, open };
}

/** The place of which nothing is taken but what is taken of both. */
export function lower(a: Place, b: Place): Place {
  if (a === b) return a;
  const [low, high] = a.taken.offset <= b.taken.offset ? [a, b] : [b, a];
  // The rule: nothing is open before either, and the lower one is the answer as it stands.
  if ((high.open[0]?.after.offset ?? low.taken.offset) >= low.taken.offset) return low;
  const open = merge([...low.open, ...high.open.flatMap((range) => upTo(range, low.taken))]);
  return { taken: low.taken, open };
}

/** Samples that are not taken. */
export function pendingSamples(place: Place, end: Position): number {
  let count = Math.max(0, end.samples - place.taken.samples);
  for (const { after, through } of place.open) count += through.samples - after.samples;
  return count;
}

/** How many samples of an interval of the log's own count are not taken. @param to exclusive */
export function untakenWithin(place: Place, from: number, to: number): number {
  let count = Math.max(0, to - Math.max(from, place.taken.samples));
  for (const { after, through } of place.open) {
    count += Math.max(0, Math.min(to, through.samples) - Math.max(from, after.samples));
  }
  return count;
}

/** What is not taken up to `end`, oldest first. */
export function untaken(place: Place, end: Position): LogRange[] {
  const ranges = [...place.open];
  if (end.offset > place.taken.offset) ranges.push({ after: place.taken, through: end });
  return ranges;
}

/** The offset behind which something is not taken. */
export function lowestUntaken({ taken, open }: Place): number {
  return open[0]?.after.offset ?? taken.offset;
}

/** What lies in ranges of both; the first list itself where the other holds all of it. */
export function intersect(some: readonly LogRange[], others: readonly LogRange[]): readonly LogRange[] {
  if (some.every((range) => others.some((other) => holds(other, range)))) return some;
  return some.flatMap((range) =>
    others.flatMap((other) => {
      const after = range.after.offset >= other.after.offset ? range.after : other.after;
      const through = range.through.offset <= other.through.offset ? range.through : other.through;
      return after.offset < through.offset ? [{ after, through }] : [];
    }),
  );
}

function holds({ after, through }: LogRange, range: LogRange): boolean {
  return after.offset <= range.after.offset && through.offset >= range.through.offset;
}

function subtract(piece: LogRange, range: LogRange): LogRange[] {
  if (range.through.offset <= piece.after.offset || range.after.offset >= piece.through.offset)
    return [piece];
  const left: LogRange[] = [];
  if (range.after.offset > piece.after.offset) left.push({ after: piece.after, through: range.after });
  if (range.through.offset < piece.through.offset)
    left.push({ after: range.through, through: piece.through });
  return left;
}

function upTo({ after, through }: LogRange, bound: Position): LogRange[] {
  if (after.offset >= bound.offset) return [];
  return [{ after, through: through.offset <= bound.offset ? through : bound }];
}

function merge(ranges: LogRange[]): LogRange[] {
  ranges.sort((a, b) => a.after.offset - b.after.offset);
  const merged: LogRange[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last === undefined || range.after.offset > last.through.offset) merged.push(range);
    else if (range.through.offset > last.through.offset)
      merged[merged.length - 1] = { after: last.after, through: range.through };
  }
  return merged;
}

function sameRanges(a: readonly LogRange[], b: readonly LogRange[]): boolean {
  return a.length === b.length && a.every((range, i) => range === b[i]);
}
