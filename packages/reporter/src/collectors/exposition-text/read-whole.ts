/**
 * Reads a text from beginning to end: the first of a target, and each that does not look like the one before. What it
 * makes of it is the layout by which the next ones are read.
 */
import { chooseList, type Presence, presenceOf } from './choose-list.ts';
import { seriesText } from './known-series.ts';
import { type Layout, ValueSink } from './layout.ts';
import { type LineOptions, type Lines, readLines } from './read-lines.ts';
import type { SeriesList } from './reading.ts';
import { isSameList } from './series-list.ts';

export interface Whole {
  readonly layout: Layout;
  readonly sink: ValueSink;
  /** Series that the text before did not have. */
  readonly added: number;
}

/**
 * @param text of text 0.0.4 ends with a line break.
 * @param previous of the text before, in the same format; null for the first.
 * @param reading counts the texts of the target.
 * Yields where it may be interrupted.
 * @throws Mistake
 */
export function* readWhole(
  text: string,
  previous: Layout | null,
  options: LineOptions,
  reading: number,
): Generator<undefined, Whole> {
  const lines = yield* readLines(text, previous, options);
  const presence = presenceOf(previous, lines);
  const { before, now } = presence;
  const seen = (place: number) => (before[place] === 1 ? reading - 1 : (previous?.seen[place] ?? 0));
  const chosen = chooseList(previous, lines, presence, seen, reading);
  if (chosen === null) return withListOf(previous, yield* readWhole(text, null, options, reading));
  const { list, placeOf } = chosen;
  const seenNow = new Uint32Array(list.length);
  for (const [id, place] of placeOf.entries()) {
    if (place >= 0) seenNow[place] = now[id] === 1 ? reading : Math.max(seenNow[place] ?? 0, seen(id));
  }
  const places = Int32Array.from(lines.kept.ids, (id) => (id < 0 ? id : (placeOf[id] ?? -1)));
  const blank = previous?.blank.length === list.length ? previous.blank : new Array(list.length).fill(null);
  const { texts, starts, ends } = lines.kept;
  const layout: Layout = {
    format: options.format,
    list,
    declared: chosen.declared,
    metadata: chosen.metadata,
    isAltered: chosen.isAltered,
    unsure: chosen.unsure,
    lines: texts,
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(ends),
    places,
    tail: lines.tail,
    odd: oddSpellings(list, placeOf, places, lines),
    blank,
    seen: seenNow,
    reading,
    samples: lines.samples,
    without: lines.without,
  };
  return { layout, sink: toSink(lines, placeOf, blank), added: countAdded(presence) };
}

/** Keeps the list before if it is the same all the same. */
function withListOf(previous: Layout | null, whole: Whole): Whole {
  const { layout } = whole;
  if (previous === null || !isSameList(previous.list, layout.list)) return whole;
  return { ...whole, layout: { ...layout, list: previous.list } };
}

function toSink({ ids, values, timesMs }: Lines, placeOf: Int32Array, blank: readonly null[]): ValueSink {
  const sink = new ValueSink(blank);
  for (const [i, id] of ids.entries()) sink.add(placeOf[id] ?? -1, values[i] ?? 0, timesMs[i] ?? null);
  return sink;
}

/** How series are found that no line of the layout spells in the usual way, or that none has. */
function oddSpellings(
  list: SeriesList,
  placeOf: Int32Array,
  places: Int32Array,
  { known }: Lines,
): ReadonlyMap<string, number> {
  const odd = new Map<string, number>();
  for (const [usual, id] of known.odd) {
    const place = placeOf[id] ?? -1;
    if (place >= 0) odd.set(usual, place);
  }
  const hasLine = new Uint8Array(list.length);
  for (const place of places) if (place >= 0) hasLine[place] = 1;
  let place = 0;
  for (const { name, series } of list.families) {
    for (const [suffix, labels] of series) {
      if (hasLine[place] === 0) odd.set(seriesText(name + suffix, Object.entries(labels).flat()), place);
      place++;
    }
  }
  return odd;
}

function countAdded({ now, before }: Presence): number {
  let added = 0;
  for (const [id, is] of now.entries()) if (is === 1 && before[id] === 0) added++;
  return added;
}
