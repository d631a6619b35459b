/**
 * What of each host a scrape is to get, before anything is read.
 *
 * A host's untaken entries are its *live* ones, younger than two scrape intervals, and before them its *backlog*. The
 * live share always goes out; backlogs share the budget (`shareOut`). In order, a host's live entries wait behind its own
 * backlog, since a Prometheus with stock settings refuses the past of a series once it has seen its present; other
 * hosts never wait. `live-first` is for a Prometheus with an out-of-order window: there the live entries go at once, and
 * what lies between becomes an open range.
 *
 * In order, a host whose lag has not become smaller in `BEHIND_SCRAPES` scrapes with a full budget produces more than the
 * scraper takes. It is *thinned*: shown with its newest points only, until the budget is enough for everyone again. The lag
 * is the age of the newest point that was taken; the size of the backlog would tell nothing, since it grows for as long as
 * a host that was away is still sending what it has. With `live-first` the window alone ends a backlog.
 */
import {
  type LogRange,
  type Place,
  type Position,
  type StoredEntry,
  type Tail,
  weightOf,
  weightOfRange,
} from '../../ledger/ledger.ts';
import { shareOut } from './budget.ts';
import { untaken } from './place.ts';
import type { Scope } from './scopes.ts';

export type ReplayOrder = 'in-order' | 'live-first';

export interface PlanTerms {
  readonly order: ReplayOrder;
  /** What is served has to be served again before it is proven. */
  readonly proxied: boolean;
  /** Points of backlog for all hosts together. */
  readonly points: number;
  /** Whether that is as much as the scraper may ever get. */
  readonly isFull: boolean;
  /** Entries of this moment or later are live. */
  readonly liveSince: number;
  /** In ms since 1970. */
  readonly now: number;
  /** When the newest entry was taken of a host, by its own time; 0 when that is not known. */
  readonly takenAt: (host: string) => number;
}

/** A host with something to serve. */
export interface HostPlan {
  readonly host: string;
  /** What is not taken, oldest first. */
  readonly ranges: readonly LogRange[];
  /** The newest of it, in memory and young: see `share`. */
  readonly live: readonly StoredEntry[];
  /** What is older than the window and passed over; the first part of it may be stored no longer. */
  readonly tooOld: readonly LogRange[];
  /** What of `tooOld` is stored begins behind this offset; what is before was removed from the ledger. */
  readonly storedAfter: number;
  /** Weight of `ranges` without `live`: see `weightOf`. */
  readonly backlog: number;
  /** Weight of the backlog that may be served. 0 serves none of it; where there is none, nothing waits. */
  share: number;
  /** Only the newest points are to be served, and all else is passed over. */
  newestOnly: boolean;
}

/** Of one host; a host that sends faster than that is held to the budget. */
const LIVE_ENTRIES_MAX = 1000;
/** A turn is worth so many entries, since those that are packed together are read together. */
const TURN_ENTRIES = 8;
/** Scrapes after which a host that does not catch up is thinned. */
const BEHIND_SCRAPES = 20;

/** @returns null for a host of which everything is taken. */
export function planHost(host: string, place: Place, tail: Tail, liveSince: number): HostPlan | null {
  const ranges = untaken(place, tail.end);
  if (ranges.length === 0) return null;
  const live = liveEntries(tail, place, liveSince);
  return {
    host,
    ranges,
    live,
    tooOld: [],
    storedAfter: 0,
    backlog: backlogOf(ranges, live),
    share: 0,
    newestOnly: false,
  };
}

/** Whether some of the plan may be older than the window: not if the first entry is at hand and is not. */
export function mayBeTooOld({ ranges, live, backlog }: HostPlan, tail: Tail, windowSince: number): boolean {
  const first = ranges[0];
  if (first === undefined) return false;
  const [entry] = entriesIn(tail, first) ?? [];
  // Times fall only where an epoch ends, and then what follows was judged against what was before.
  return entry === undefined ? backlog > 0 || live.length === 0 : entry.at < windowSince;
}

/**
 * Passes over what is before a place: everything there is older than the window.
 * @param stored the place behind which entries of the plan are stored still
 */
export function passOver(plan: HostPlan, before: Position, stored: Position): HostPlan {
  const tooOld: LogRange[] = [];
  const ranges = plan.ranges.flatMap((range) => {
    const [old, rest] = splitAt(range, before);
    if (old !== null) tooOld.push(...splitAt(old, stored).filter((part) => part !== null));
    return rest === null ? [] : [rest];
  });
  const live = plan.live.filter(({ offset }) => offset > before.offset);
  const storedAfter = stored.offset;
  return { ...plan, ranges, live, tooOld, storedAfter, backlog: backlogOf(ranges, live) };
}

/** The plan with all that has come since it was made. */
export function upTo(plan: HostPlan, end: Position): HostPlan {
  const last = plan.ranges.at(-1);
  if (last === undefined || last.through.offset >= end.offset) return plan;
  return { ...plan, ranges: [...plan.ranges.slice(0, -1), { after: last.after, through: end }] };
}

function splitAt(range: LogRange, place: Position): [before: LogRange | null, behind: LogRange | null] {
  const { after, through } = range;
  if (place.offset <= after.offset) return [null, range];
  if (place.offset >= through.offset) return [range, null];
  return [
    { after, through: place },
    { after: place, through },
  ];
}

/** The entries of a range that are in memory; null when not all of them are. */
export function entriesIn({ entries }: Tail, { after, through }: LogRange): readonly StoredEntry[] | null {
  const [first] = entries;
  if (first === undefined || first.offset > after.offset + 1) return null;
  // Offsets of a tail have no gap.
  return entries.slice(after.offset + 1 - first.offset, through.offset + 1 - first.offset);
}

/** Gives every host its share. @returns whether the budget was too small for all of it. */
export function share(plans: readonly HostPlan[], scope: Scope, terms: PlanTerms): boolean {
  const waiting = plans.filter(({ backlog }) => backlog > 0);
  const total = waiting.reduce((sum, { backlog }) => sum + backlog, 0);
  if (total <= terms.points) {
    for (const plan of waiting) plan.share = plan.backlog;
    scope.behind.clear();
    scope.unproven = new Map();
    return false;
  }
  const present = new Set(waiting.map(({ host }) => host));
  for (const host of scope.behind.keys()) if (!present.has(host)) scope.behind.delete(host);
  for (const plan of waiting) plan.newestOnly = scope.behind.get(plan.host)?.thinned ?? false;
  const sharing = takeTurns(
    waiting.filter(({ newestOnly }) => !newestOnly),
    scope,
    terms,
  );
  noteBehind(sharing, scope, terms);
  const shares = shareOut(
    terms.points,
    sharing.map(({ backlog }) => backlog),
  );
  for (const [i, plan] of sharing.entries()) if (!plan.newestOnly) plan.share = Math.max(1, shares[i] ?? 0);
  for (const { host, share: given, backlog } of waiting) if (given >= backlog) scope.behind.delete(host);
  return true;
}

function backlogOf(ranges: readonly LogRange[], live: readonly StoredEntry[]): number {
  let weight = 0;
  for (const range of ranges) weight += weightOfRange(range);
  for (const entry of live) weight -= weightOf(entry);
  return weight;
}

/** The entries at the log's end that are young enough; they are never taken one by one, so the first one tells. */
function liveEntries({ entries }: Tail, { taken }: Place, liveSince: number): readonly StoredEntry[] {
  let first = entries.length;
  for (let entry = entries[first - 1]; entry !== undefined; entry = entries[first - 1]) {
    if (entry.at < liveSince || entry.offset <= taken.offset || entries.length - first >= LIVE_ENTRIES_MAX)
      break;
    first--;
  }
  return entries.slice(first);
}

/** Counts the scrapes of those that have their turn, and thins who does not catch up. */
function noteBehind(
  sharing: readonly HostPlan[],
  scope: Scope,
  { order, isFull, now, takenAt }: PlanTerms,
): void {
  const { behind, progressed } = scope;
  scope.progressed = false;
  for (const plan of sharing) {
    const { host } = plan;
    const at = takenAt(host);
    if (at === 0 || order === 'live-first') continue;
    const lagMs = now - at;
    const known = behind.get(host);
    if (known === undefined) {
      behind.set(host, { scrapes: 0, lagMs, thinned: false });
      continue;
    }
    // A scrape that was not taken says nothing of whether the scraper is too slow for the host.
    if (!progressed) continue;
    // Only what a full budget does counts, from when it is full.
    if (!isFull) behind.set(host, { scrapes: 0, lagMs, thinned: false });
    if (!isFull || ++known.scrapes < BEHIND_SCRAPES) continue;
    known.thinned = lagMs >= known.lagMs;
    plan.newestOnly = known.thinned;
    known.scrapes = 0;
    known.lagMs = lagMs;
  }
}

/**
 * Where the budget is too small for some entries of everyone, some hosts come now and the others next time. Behind a proxy
 * those that came stay until they are proven: what is not repeated never is.
 */
function takeTurns(
  waiting: readonly HostPlan[],
  scope: Scope,
  { points, proxied }: PlanTerms,
): readonly HostPlan[] {
  const stays = ({ host, ranges }: HostPlan) =>
    proxied && scope.unproven.get(host) === ranges[0]?.after.offset;
  const staying = waiting.filter(stays);
  const others = staying.length === 0 ? waiting : waiting.filter((plan) => !stays(plan));
  const from = others.length === 0 ? 0 : scope.turn % others.length;
  const sharing: HostPlan[] = [];
  let left = points;
  for (const plan of [...staying, ...others.slice(from), ...others.slice(0, from)]) {
    const weight = turnWeight(plan);
    // Whoever is too large for what is left is the first one next time.
    if (sharing.length > 0 && weight > left) break;
    sharing.push(plan);
    left -= weight;
  }
  scope.turn = from + Math.max(0, sharing.length - staying.length);
  scope.unproven = new Map(sharing.map(({ host, ranges }) => [host, ranges[0]?.after.offset ?? 0]));
  return sharing;
}

/** About what a turn is worth: all that there is, if that is less. */
function turnWeight({ ranges, backlog }: HostPlan): number {
  let entries = 0;
  for (const { after, through } of ranges) entries += through.offset - after.offset;
  return Math.min(backlog, (TURN_ENTRIES * backlog) / Math.max(1, entries));
}
