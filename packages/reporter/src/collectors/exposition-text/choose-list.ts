/**
 * Decides whether the list of series still holds for a text, and makes a new one if not.
 *
 * The list stays the same object if the text has only series that are on it, and of the same types; series that are
 * missing have no value then. So one that comes and goes changes no shape. When the list has to be made anew, what has
 * been missing for some texts is left out.
 */

import { type Fitted, fitFamilies, type SourceSeries } from './fit-families.ts';
import type { Layout } from './layout.ts';
import type { Metadata } from './metadata.ts';
import type { Lines } from './read-lines.ts';
import { buildList, isSameList, slotsOf, type Waiting } from './series-list.ts';

/** A series may be missing from so many texts before a new list goes without it. */
const MISSED_TEXTS_MAX = 10;
/** So many may be missing from a list in any case; beyond it, no more than are there. */
const MISSING_SERIES = 64;

export interface ChosenList extends Pick<Layout, 'list' | 'declared' | 'metadata' | 'isAltered' | 'unsure'> {
  /** By id (see `Found`) the place in the list; -1 for what is not on it. */
  readonly placeOf: Int32Array;
}

/** By id. */
export interface Presence {
  /** 1 for what the text has. */
  readonly now: Uint8Array;
  /** 1 for what the text before had. */
  readonly before: Uint8Array;
}

export function presenceOf(previous: Layout | null, lines: Lines): Presence {
  const count = (previous?.list.length ?? 0) + lines.known.added.length;
  const now = new Uint8Array(count);
  for (const id of lines.ids) now[id] = 1;
  const before = new Uint8Array(count);
  for (const [place, seen] of previous?.seen.entries() ?? [])
    if (seen === previous?.reading) before[place] = 1;
  return { now, before };
}

/**
 * @param seen by place in the list before, the reading in which each series was there last, this one not among them.
 * @returns null when a new list is wanted, and the one before does not tell how its labels were written.
 */
export function chooseList(
  previous: Layout | null,
  lines: Lines,
  { now }: Presence,
  seen: (place: number) => number,
  reading: number,
): ChosenList | null {
  const there = count(now);
  const missing = now.length - there;
  const isWorn = missing > Math.max(MISSING_SERIES, there);
  const isGood = previous !== null && !isWorn && !(previous.isAltered && missing > 0);
  if (isGood && holds(previous, lines, now)) {
    const { list, declared, metadata, isAltered, unsure } = previous;
    const placeOf = Int32Array.from(now, (_, place) => place);
    return { list, declared, metadata, isAltered, unsure, placeOf };
  }
  if (previous?.isAltered === true) return null;
  const old = previous === null ? [] : slotsOf(previous.list, previous.declared);
  const sources: SourceSeries[] = [
    ...old.map(({ head, suffix, labels }) => ({ name: head.name + suffix, labels })),
    ...lines.known.added,
  ];
  const present = [...now.keys()].filter((id) => now[id] === 1);
  const itsSources = present.flatMap((id) => sources[id] ?? []);
  const fitted = fitFamilies(itsSources, lines.metadata);
  const slots: (Fitted | Waiting | null)[] = old.map((slot, place) =>
    !isWorn && reading - seen(place) <= MISSED_TEXTS_MAX ? { ...slot, isWaiting: true } : null,
  );
  for (const [i, id] of present.entries()) slots[id] = fitted[i] ?? null;
  const { list, declared, places } = buildList(slots);
  const unsure = new Uint8Array(list.length).fill(1);
  for (const id of present) unsure[places[id] ?? 0] = 0;
  const isSame = previous !== null && isSameList(previous.list, list);
  return {
    list: isSame ? previous.list : list,
    declared,
    metadata: lines.metadata,
    isAltered: fitted.some(({ head, labels }, i) => head.isAltered || labels !== itsSources[i]?.labels),
    unsure,
    placeOf: places,
  };
}

/** Whether the list is right for the text. */
function holds(previous: Layout, lines: Lines, now: Uint8Array): boolean {
  if (lines.known.added.length > 0) return false;
  for (const [place, is] of previous.unsure.entries()) if (is === 1 && now[place] === 1) return false;
  const { metadata } = lines;
  for (const [name, { type, help }] of metadata) {
    const before = previous.metadata.get(name);
    if (before === undefined || before.type !== type || before.help !== help) return false;
  }
  return metadata.size === previous.metadata.size || saysNoLess(previous, metadata, now);
}

/** Whether all that is not said any more is said of families that are not there at all. */
function saysNoLess({ list, declared, metadata }: Layout, now: Metadata, there: Uint8Array): boolean {
  let place = 0;
  for (const [i, { series }] of list.families.entries()) {
    const from = place;
    place += series.length;
    const name = declared[i] ?? '';
    if (metadata.has(name) && !now.has(name) && there.subarray(from, place).includes(1)) return false;
  }
  return true;
}

function count(marks: Uint8Array): number {
  let sum = 0;
  for (const mark of marks) sum += mark;
  return sum;
}
