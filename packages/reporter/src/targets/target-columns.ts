/**
 * Makes columns of a target's readings.
 *
 * Series without times of their own are told at the moment of the scrape, in shapes that stay the same while the series do.
 * Those with times are told in one column for each moment, which has exactly the series that are new at it: a shape's
 * moment counts for all its series at the gateway, so one that is not told may not stand in it.
 */
import type { Labels, Shape } from '@tributary/shared/shape';
import type { Value } from '../collectors/columns.ts';
import type {
  Reading,
  SeriesList,
  LeftOutReason as TextFault,
} from '../collectors/exposition-text/reading.ts';
import { Bins } from './bins.ts';
import type { Claims, Owner } from './claims.ts';
import { labelsKey } from './labels-key.ts';
import { NOWHERE, type PlaceFault, type Placement, placeSeries } from './placement.ts';
import { sameShape, shapeOf } from './shapes.ts';
import type { Target } from './target-options.ts';
import { groupTimed, type TimedGroup } from './timed-groups.ts';
import { ToldTimes } from './told-times.ts';

export interface PendingColumn {
  readonly shape: Shape;
  readonly values: readonly Value[];
  /** Its own time, in ms since 1970 by this host's clock; null for the moment of the scrape. */
  readonly atMs: number | null;
}

/** When a scrape was taken: at its start, and by the wall clock also at its end. All in whole ms. */
export interface ScrapeMoment {
  readonly mono: number;
  readonly wall: number;
  readonly wallAtEnd: number;
}

/**
 * Why samples of a good scrape are not told: those of the text (reading.ts) and of the placement (placement.ts), and
 * `older`: their own times do not rise.
 */
export type LeftOutReason = TextFault | PlaceFault | 'older';

export interface ScrapeColumns {
  /** The oldest first; a layer has each series once. The last has the columns of the moment of the scrape. */
  readonly layers: readonly (readonly PendingColumn[])[];
  readonly leftOut: ReadonlyMap<LeftOutReason, number>;
}

interface Part {
  readonly shape: Shape;
  readonly places: readonly number[];
}

const TEXT_FAULTS: readonly TextFault[] = ['duplicate', 'name', 'labels'];

/** A wall clock that falls behind by more than this was set back. */
const STEP_MS = 1_000;
/** Shapes of timed columns that are kept for the next scrape. */
const TIMED_SHAPES_MAX = 1_024;

export class TargetColumns {
  readonly #target: Target;
  readonly #claims: Claims;
  readonly #owner: Owner;
  #placement: Placement | null = null;
  #claimsVersion = -1;
  #isYielded = false;
  /** By place in the list: 1 where the series is told at the moment of the scrape. */
  #untimed = new Uint8Array();
  /** Null while they have to be made anew. */
  #parts: readonly Part[] | null = null;
  /** By target labels. */
  #bins = new Map<string, Bins>();
  /** Those of the parts, by bin and target labels. */
  #shapes = new Map<string, Shape>();
  /** Null until a sample has a time of its own. */
  #told: ToldTimes | null = null;
  readonly #timedParts = new Map<string, Part>();
  #last: ScrapeMoment | null = null;

  constructor(target: Target, claims: Claims, owner: Owner) {
    this.#target = target;
    this.#claims = claims;
    this.#owner = owner;
  }

  /** @throws ScrapeError `columns`; the next reading is then taken as if this one had not been. */
  take(given: Reading, moment: ScrapeMoment): ScrapeColumns {
    const reading = this.#target.honorTimestamps ? given : withoutTimes(given);
    if (reading.timed !== null) this.#noteLast(moment);
    const placement = this.#place(reading);
    const leftOut = new Map<LeftOutReason, number>(placement.faults);
    const count = (reason: LeftOutReason, samples: number) => {
      if (samples > 0) leftOut.set(reason, (leftOut.get(reason) ?? 0) + samples);
    };
    for (const reason of TEXT_FAULTS) count(reason, reading.leftOut[reason] ?? 0);
    let groups: readonly TimedGroup[] = [];
    if (reading.timed !== null && this.#told !== null) {
      const grouped = groupTimed(reading.timed, reading.values, placement, this.#told, moment.wallAtEnd);
      groups = grouped.groups;
      count('older', grouped.older);
    }
    this.#arrange(reading, placement);
    this.#last = moment;
    return { layers: this.#layers(reading, placement, groups), leftOut };
  }

  /** The target fails: meanwhile another may tell what both have. */
  yield(): void {
    if (this.#claims.release(this.#owner)) this.#isYielded = true;
  }

  /** Before samples with times are looked at: when were the others told, which may have times from now on? */
  #noteLast(moment: ScrapeMoment): void {
    const { list } = this.#placement ?? {};
    if (list === undefined) return;
    this.#told ??= new ToldTimes(list);
    const last = this.#last;
    if (last === null) return;
    if (moment.wall - moment.mono < last.wall - last.mono - STEP_MS) return this.#told.forget();
    for (const [place, is] of this.#untimed.entries()) if (is === 1) this.#told.note(place, last.wall);
  }

  #place({ list, timed }: Reading): Placement {
    const before = this.#placement;
    const isContested = before?.faults.has('other_target') === true;
    const isStale = this.#isYielded || (isContested && this.#claimsVersion !== this.#claims.version);
    const placement = before === null || before.list !== list || isStale ? this.#placeAnew(list) : before;
    if (timed !== null) this.#told ??= new ToldTimes(list);
    return placement;
  }

  #placeAnew(list: SeriesList): Placement {
    const { labels, honorLabels } = this.#target;
    this.#claims.release(this.#owner);
    this.#claimsVersion = this.#claims.version;
    this.#isYielded = false;
    this.#placement = placeSeries(list, { labels, honorLabels, claims: this.#claims, owner: this.#owner });
    this.#untimed = new Uint8Array(list.length);
    this.#parts = null;
    this.#timedParts.clear();
    this.#told?.moveTo(list);
    return this.#placement;
  }

  /** Brings the shapes up to date in which series are told at the moment of the scrape. */
  #arrange({ values, timed }: Reading, placement: Placement): void {
    const untimed = this.#untimed;
    let isSame = this.#parts !== null;
    for (const [place, value] of values.entries()) {
      if (value === null || untimed[place] === 1 || placement.setOf[place] === NOWHERE) continue;
      untimed[place] = 1;
      isSame = false;
    }
    for (const place of timed?.series ?? []) {
      if (values[place] !== null || untimed[place] === 0) continue;
      untimed[place] = 0;
      isSame = false;
    }
    if (!isSame) this.#parts = this.#makeParts(placement);
  }

  #makeParts(placement: Placement): readonly Part[] {
    const bySet = new Map<number, number[]>();
    for (const [place, is] of this.#untimed.entries()) {
      if (is === 0) continue;
      const set = placement.setOf[place] ?? NOWHERE;
      const places = bySet.get(set);
      if (places === undefined) bySet.set(set, [place]);
      else places.push(place);
    }
    const allBins = new Map<string, Bins>();
    const shapes = new Map<string, Shape>();
    const parts: Part[] = [];
    for (const [set, all] of bySet) {
      const labels = placement.sets[set] ?? {};
      const key = labelsKey(labels);
      const bins = this.#bins.get(key) ?? new Bins();
      allBins.set(key, bins);
      for (const [bin, places] of bins.divide(placement, all)) {
        const made = shapeOf(placement, labels, places);
        const before = this.#shapes.get(`${bin} ${key}`);
        const shape = before !== undefined && sameShape(before, made) ? before : made;
        shapes.set(`${bin} ${key}`, shape);
        parts.push({ shape, places });
      }
    }
    this.#bins = allBins;
    this.#shapes = shapes;
    return parts;
  }

  #layers(
    { values }: Reading,
    placement: Placement,
    groups: readonly TimedGroup[],
  ): readonly (readonly PendingColumn[])[] {
    const depth = Math.max(0, ...groups.map((group) => group.depth));
    const layers = Array.from({ length: depth + 1 }, (): PendingColumn[] => []);
    for (const group of groups) layers[group.depth]?.push(...this.#timedColumns(placement, group));
    for (const { shape, places } of this.#parts ?? []) {
      const column = places.map((place) => values[place] ?? null);
      if (column.some((value) => value !== null)) layers.at(-1)?.push({ shape, values: column, atMs: null });
    }
    return layers;
  }

  #timedColumns(placement: Placement, { depth, set, atMs, samples }: TimedGroup): readonly PendingColumn[] {
    const all = [...samples.keys()].sort((a, b) => a - b);
    return [...new Bins().divide(placement, all).values()].map((places) => {
      const { shape } = this.#timedPart(placement, placement.sets[set] ?? {}, places, depth);
      return { shape, values: places.map((place) => samples.get(place) ?? null), atMs };
    });
  }

  /** That of the scrape before, where its column had the same series. */
  #timedPart(placement: Placement, labels: Labels, places: readonly number[], depth: number): Part {
    const key = `${depth} ${places[0]}`;
    const known = this.#timedParts.get(key);
    if (known !== undefined && samePlaces(known.places, places)) return known;
    if (this.#timedParts.size >= TIMED_SHAPES_MAX) this.#timedParts.clear();
    const part = { shape: shapeOf(placement, labels, places), places };
    this.#timedParts.set(key, part);
    return part;
  }
}

function samePlaces(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((place, i) => place === b[i]);
}

/** Samples with times of their own as if they had none: the first of each series is that of the scrape. */
function withoutTimes(reading: Reading): Reading {
  const { timed } = reading;
  if (timed === null) return reading;
  const values = [...reading.values];
  for (const [k, place] of timed.series.entries()) values[place] ??= timed.values[k] ?? null;
  return { ...reading, values, timed: null };
}
