/**
 * Where a cursor stood at earlier moments, so that it can step back to one. A state holds from its moment on until the
 * next one's. Not every advance is kept: whoever asks for a moment in between gets the state before, which has taken less. A
 * step back is always kept, since the state before it has taken more.
 */
import type { Place } from '../../ledger/ledger.ts';

interface State {
  /** In ms of uptime. */
  readonly since: number;
  readonly places: ReadonlyMap<string, Place>;
  readonly isAdvance: boolean;
}

/** Advances are a quarter of the overlap apart, so these reach back for three times the overlap. */
const STATES_MAX = 12;

export class History {
  #states: State[];

  /** @param now in ms of uptime */
  constructor(places: ReadonlyMap<string, Place>, now: number) {
    this.#states = [{ since: now, places: new Map(places), isAdvance: false }];
  }

  /** The state at a moment of uptime, or one that has taken less; the first one for what was before it. */
  at(moment: number): ReadonlyMap<string, Place> {
    const state = this.#states.findLast(({ since }) => since <= moment) ?? this.#states[0];
    return state?.places ?? new Map();
  }

  /** Something was taken; kept if the last advance that was kept is older than `everyMs`. */
  advanced(places: ReadonlyMap<string, Place>, now: number, everyMs: number): void {
    const last = this.#states.findLast(({ isAdvance }) => isAdvance);
    if (last === undefined || now - last.since >= everyMs) this.#push(places, now, true);
  }

  steppedBack(places: ReadonlyMap<string, Place>, now: number): void {
    this.#push(places, now, false);
  }

  forget(host: string): void {
    this.#states = this.#states.map((state) => {
      const places = new Map(state.places);
      places.delete(host);
      return { ...state, places };
    });
  }

  #push(places: ReadonlyMap<string, Place>, since: number, isAdvance: boolean): void {
    this.#states.push({ since, places: new Map(places), isAdvance });
    if (this.#states.length <= STATES_MAX) return;
    // Not simply the oldest: what is asked for before the first state gets the first one, whatever it has taken.
    const place = this.#states.findIndex((state, i) => i > 0 && state.isAdvance);
    this.#states.splice(place < 0 ? 0 : place, 1);
  }
}
