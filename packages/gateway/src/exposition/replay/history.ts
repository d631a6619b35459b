/**
 * Where a cursor stood in each host's log at earlier moments, so that it can step back to one. A state holds from its
 * moment on until the next one's. Not every advance is kept: whoever asks for a moment in between gets the state before,
 * which has taken less. A step back is always kept, since the state before it has taken more. Kept by host, since scopes
 * advance and step back each for themselves.
 */
import type { Place } from '../../ledger/ledger.ts';

interface State {
  /** In ms of uptime. */
  readonly since: number;
  readonly place: Place;
  readonly isAdvance: boolean;
}

/** Of one host. Advances are half of the overlap apart and older ones go, so that few are ever reached. */
const STATES_MAX = 8;
/** States that ended longer ago than so many overlaps are not asked for any more. */
const KEPT_OVERLAPS = 2;

export class History {
  readonly #overlapMs: number;
  readonly #hosts = new Map<string, State[]>();

  constructor(overlapMs: number) {
    this.#overlapMs = overlapMs;
  }

  /**
   * The place at a moment of uptime, or one that has taken less.
   * @param present holds for a host that never moved
   */
  at(host: string, moment: number, present: Place): Place {
    const states = this.#hosts.get(host);
    if (states === undefined) return present;
    return (states.findLast(({ since }) => since <= moment) ?? states[0])?.place ?? present;
  }

  /** Something was taken. */
  advanced(host: string, before: Place, place: Place, now: number): void {
    const states = this.#statesOf(host, before);
    const last = states.findLast(({ isAdvance }) => isAdvance);
    if (last === undefined || now - last.since >= this.#overlapMs / 2)
      this.#push(states, { since: now, place, isAdvance: true });
  }

  steppedBack(host: string, before: Place, place: Place, now: number): void {
    this.#push(this.#statesOf(host, before), { since: now, place, isAdvance: false });
  }

  forget(host: string): void {
    this.#hosts.delete(host);
  }

  clear(): void {
    this.#hosts.clear();
  }

  #statesOf(host: string, before: Place): State[] {
    let states = this.#hosts.get(host);
    if (states === undefined) {
      states = [{ since: Number.NEGATIVE_INFINITY, place: before, isAdvance: false }];
      this.#hosts.set(host, states);
    }
    return states;
  }

  #push(states: State[], state: State): void {
    states.push(state);
    const oldest = state.since - KEPT_OVERLAPS * this.#overlapMs;
    while (states.length > 2 && (states[1]?.since ?? 0) <= oldest) states.shift();
    if (states.length <= STATES_MAX) return;
    // Not simply the oldest: whoever asks for a moment before the first state gets the first, whatever it has taken.
    const place = states.findIndex(({ isAdvance }, i) => i > 0 && isAdvance);
    states.splice(place < 0 ? 1 : place, 1);
  }
}
