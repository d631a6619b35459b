/**
 * Which samples with times of their own are new. An exporter that passes on what others have measured shows the same sample
 * until there is a newer one, and a series' timestamps have to rise.
 */
import type { SeriesList } from '../collectors/exposition-text/reading.ts';
import { Cohorts } from './cohorts.ts';
import { labelsKey } from './labels-key.ts';

const NEVER = Number.NEGATIVE_INFINITY;

export class ToldTimes {
  #list: SeriesList;
  /** By place in the list: ms since 1970, by this host's clock. */
  #times: Float64Array;
  readonly cohorts: Cohorts;

  constructor(list: SeriesList) {
    this.#list = list;
    this.cohorts = new Cohorts(list.length);
    this.#times = new Float64Array(list.length).fill(NEVER);
  }

  /** When the series was told last; minus infinity for never. */
  last(place: number): number {
    return this.#times[place] ?? NEVER;
  }

  /** The series was told at that time. */
  note(place: number, atMs: number): void {
    this.#times[place] = atMs;
  }

  /** The clock was set back: what it said before is no measure any more. */
  forget(): void {
    this.#times.fill(NEVER);
  }

  /** Goes over to another list, in which the series have other places. */
  moveTo(list: SeriesList): void {
    if (list === this.#list) return;
    const old = new Map(keysOf(this.#list));
    const from = new Int32Array(list.length);
    const times = new Float64Array(list.length);
    for (const [key, place] of keysOf(list)) {
      from[place] = old.get(key) ?? -1;
      times[place] = this.#times[from[place] ?? -1] ?? NEVER;
    }
    this.#list = list;
    this.#times = times;
    this.cohorts.move(from);
  }
}

function* keysOf(list: SeriesList): Generator<readonly [key: string, place: number]> {
  let place = 0;
  for (const { name, series } of list.families) {
    for (const [suffix, labels] of series) yield [`${name}${suffix}${labelsKey(labels)}`, place++];
  }
}
