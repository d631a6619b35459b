/** Sorts samples that have times of their own into what can be told in one column. */
import type { Value } from '../collectors/columns.ts';
import type { TimedSamples } from '../collectors/exposition-text/reading.ts';
import type { Cohorts } from './cohorts.ts';
import { NOWHERE, type Placement } from './placement.ts';
import { ScrapeError } from './scrape-error.ts';
import type { ToldTimes } from './told-times.ts';

/** Samples of one moment, of series with the same target labels that are always told together. */
export interface TimedGroup {
  /** 0 for the first new point of each of its series, 1 for the second, … */
  readonly depth: number;
  /** As in `Placement.sets`. */
  readonly set: number;
  readonly atMs: number;
  /** Values by place in the list. */
  readonly samples: Map<number, number>;
}

/** Columns that one scrape may need for its times. */
export const MOMENTS_MAX = 256;

interface Point {
  readonly place: number;
  readonly value: number;
  readonly set: number;
  readonly atMs: number;
  readonly depth: number;
}

/**
 * What is not newer than what was told of its series is left out: counted where it is older, in silence where it is the very
 * same. What is ahead of this host's clock is set to now.
 * @param values the samples of the moment of the scrape: a series that has one here has no use for another.
 * @param nowMs this host's clock, when the answer had come.
 * @throws ScrapeError `columns`; then nothing has been noted as told.
 */
export function groupTimed(
  timed: TimedSamples,
  values: readonly Value[],
  placement: Placement,
  told: ToldTimes,
  nowMs: number,
): { readonly groups: readonly TimedGroup[]; readonly older: number } {
  const { points, older } = newPoints(timed, values, placement, told, nowMs);
  const groups = groupsOf(points, told.cohorts);
  for (const { place, atMs } of points) told.note(place, atMs);
  return { groups, older };
}

function newPoints(
  timed: TimedSamples,
  values: readonly Value[],
  { setOf }: Placement,
  told: ToldTimes,
  nowMs: number,
): { readonly points: readonly Point[]; readonly older: number } {
  const points: Point[] = [];
  const latest = new Map<number, Point>();
  let older = 0;
  for (const [k, place] of timed.series.entries()) {
    const set = setOf[place] ?? NOWHERE;
    if (set === NOWHERE) continue;
    const atMs = Math.min(timed.atMs[k] ?? 0, nowMs);
    const before = latest.get(place);
    const last = before?.atMs ?? told.last(place);
    if (atMs === last) continue;
    if (atMs < last || values[place] !== null) {
      older++;
      continue;
    }
    const depth = before === undefined ? 0 : before.depth + 1;
    const point = { place, value: timed.values[k] ?? Number.NaN, set, atMs, depth };
    latest.set(place, point);
    points.push(point);
  }
  return { points, older };
}

/** One for each moment of each cohort, or where those are too many just one for each moment. */
function groupsOf(points: readonly Point[], cohorts: Cohorts): readonly TimedGroup[] {
  const first = points.filter(({ depth }) => depth === 0);
  cohorts.refine(new Map(first.map(({ place, set, atMs }) => [place, `${set} ${atMs}`])));
  const groups = groupBy(points, ({ place }) => cohorts.of(place));
  if (groups !== null) return groups;
  cohorts.forget();
  const coarse = groupBy(points, () => 0);
  if (coarse !== null) return coarse;
  throw new ScrapeError('columns', `more than ${MOMENTS_MAX} different timestamps in one scrape`);
}

/** @returns null when there would be too many. */
function groupBy(points: readonly Point[], cohortOf: (point: Point) => number): readonly TimedGroup[] | null {
  const groups = new Map<string, TimedGroup>();
  for (const point of points) {
    const { place, value, set, atMs, depth } = point;
    const key = `${depth} ${set} ${cohortOf(point)} ${atMs}`;
    let group = groups.get(key);
    if (group === undefined) {
      if (groups.size >= MOMENTS_MAX) return null;
      group = { depth, set, atMs, samples: new Map() };
      groups.set(key, group);
    }
    group.samples.set(place, value);
  }
  return [...groups.values()];
}
