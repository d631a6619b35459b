/** Brings the entries that a scrape is to serve: from memory where they are, the rest from the ledger in one question. */
import {
  type Ledger,
  type LogRange,
  type Position,
  positionOf,
  type ReadRequest,
  type StoredEntry,
  weightOf,
  weightOfRange,
} from '../../ledger/ledger.ts';
import { entriesIn, type HostPlan, type ReplayOrder } from './plan.ts';

/** What is served of one host, in the order of its log. */
export interface HostEntries {
  readonly plan: HostPlan;
  readonly entries: readonly StoredEntry[];
  /** What the entries cover, in order and apart, with what was no longer in the ledger. */
  readonly ranges: readonly LogRange[];
  /** Ranges of which nothing is stored any more. */
  readonly gone: readonly LogRange[];
}

interface Piece {
  readonly plan: HostPlan;
  readonly range: LogRange;
  /** What it may weigh, unless a single entry weighs more: see `weightOf`. */
  readonly weightMax: number;
  /** Null until they are read. */
  entries: readonly StoredEntry[] | null;
}

/** @returns one for each plan that has something to serve now, in their order. */
export async function readPlans(
  ledger: Pick<Ledger, 'tail' | 'readMany'>,
  plans: readonly HostPlan[],
  order: ReplayOrder,
): Promise<HostEntries[]> {
  const byPlan = plans.map((plan) => piecesOf(plan, order));
  const asked: Piece[] = [];
  for (const pieces of byPlan) {
    for (const piece of pieces) {
      const tail = ledger.tail(piece.plan.host);
      piece.entries ??= tail === null ? [] : entriesIn(tail, piece.range);
      if (piece.entries === null) asked.push(piece);
    }
  }
  const requests = asked.map(
    ({ plan, range, weightMax }): ReadRequest => ({
      host: plan.host,
      after: range.after.offset,
      weightMax,
    }),
  );
  const answers = requests.length === 0 ? [] : await ledger.readMany(requests);
  for (const [i, piece] of asked.entries()) piece.entries = answers[i] ?? [];
  return byPlan.flatMap((pieces, i) => {
    const plan = plans[i];
    return plan === undefined || pieces.length === 0 ? [] : [join(plan, pieces)];
  });
}

/** Which parts of its log a host's share reaches. */
function piecesOf(plan: HostPlan, order: ReplayOrder): Piece[] {
  const { ranges, live, backlog, share } = plan;
  const all = share >= backlog;
  if (all) return ranges.map((range) => ({ plan, range, weightMax: weightOfRange(range), entries: null }));
  const pieces: Piece[] = [];
  let left = share;
  for (const range of ranges) {
    if (left <= 0) break;
    pieces.push({ plan, range, weightMax: left, entries: null });
    left -= weightOfRange(range);
  }
  if (order === 'live-first' && live.length > 0) {
    const range = liveRange(plan);
    if (range !== null) pieces.push({ plan, range, weightMax: weightOfRange(range), entries: live });
  }
  return pieces;
}

function liveRange({ ranges, live }: HostPlan): LogRange | null {
  const last = ranges.at(-1);
  const [first] = live;
  if (last === undefined || first === undefined) return null;
  if (first.offset === last.after.offset + 1) return last;
  return { after: placeBefore(first), through: last.through };
}

/**
 * The place behind the entry before this one. That entry's seq is not at hand; such a place is only ever a range's inner
 * end, from which nothing is told to reporters.
 */
function placeBefore({ offset, samplesThrough, samples, epoch }: StoredEntry): Position {
  return { offset: offset - 1, samples: samplesThrough - samples, epoch, seq: 0 };
}

function join(plan: HostPlan, pieces: readonly Piece[]): HostEntries {
  const entries: StoredEntry[] = [];
  const ranges: LogRange[] = [];
  const gone: LogRange[] = [];
  for (const { range, weightMax, entries: read } of pieces) {
    const kept = cut(read ?? [], range, weightMax, entries.at(-1)?.offset ?? 0);
    const last = kept.at(-1);
    // Nothing stored is left of the range, or it was read to its end.
    const isWhole = last === undefined || last.offset === range.through.offset;
    const through = isWhole ? range.through : positionOf(last);
    noteGone(range, kept, through, gone);
    ranges.push({ after: range.after, through });
    // Not spread into one call: a host may have sent any number of empty entries.
    for (const entry of kept) entries.push(entry);
  }
  return { plan, entries, ranges, gone };
}

/** Those in the range that were not cut before, as many as the bound allows but at least one. */
function cut(
  read: readonly StoredEntry[],
  { after, through }: LogRange,
  weightMax: number,
  servedThrough: number,
): StoredEntry[] {
  const kept: StoredEntry[] = [];
  let weight = 0;
  for (const entry of read) {
    if (entry.offset <= Math.max(after.offset, servedThrough)) continue;
    if (entry.offset > through.offset) break;
    weight += weightOf(entry);
    if (kept.length > 0 && weight > weightMax) break;
    kept.push(entry);
  }
  return kept;
}

/** Where the counts of two neighbours do not meet, entries between them were trimmed. */
function noteGone(
  range: LogRange,
  kept: readonly StoredEntry[],
  through: LogRange['through'],
  gone: LogRange[],
): void {
  let before = range.after;
  for (const entry of kept) {
    const from = entry.samplesThrough - entry.samples;
    if (from > before.samples) {
      gone.push({
        after: before,
        through: { ...positionOf(entry), offset: entry.offset - 1, samples: from },
      });
    }
    before = positionOf(entry);
  }
  if (through.samples > before.samples) gone.push({ after: before, through });
}
